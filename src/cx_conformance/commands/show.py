"""``cx-conformance show``: what is promised, and by whom."""

import argparse
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cx_conformance.commands.inputs import (
    add_blueprint,
    add_site,
    blueprint_of,
    ending_with_2,
    options_of,
    plan_of,
    release_of,
    site_of,
)
from cx_conformance.outcome.verdict import WRONG_USAGE
from cx_conformance.run.options import ENVIRONMENT

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from rich.table import Table

    from cx_conformance.blueprint.document import Blueprint
    from cx_conformance.blueprint.listing import Line, Origins
    from cx_conformance.blueprint.plan import Plan


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand."""
    parser = subparsers.add_parser(
        "show",
        help="what is promised, and by whom",
        description="Shows what is promised here: the blueprint, as the site file has it. Sources: page (the vendor's "
        "blueprint page), vendor-docs (its other documents), charts (its charts and configurations), release (the "
        "charts of one), site (the file). With --since it shows what a release promises otherwise than an earlier one.",
    )
    add_blueprint(parser)
    add_site(parser)
    parser.add_argument("--fqdn", metavar="HOST", help="host name under which the platform is reached from outside")
    parser.add_argument(
        "component", nargs="?", metavar="COMPONENT", help="one component, or `platform`, whole (default: a line each)"
    )
    parser.add_argument("--since", metavar="VERSION", help="show what is promised otherwise than in that release")
    parser.add_argument("--origin", action="store_true", help="say where each effective value was written")
    parser.set_defaults(run=run)


@ending_with_2
def run(args: argparse.Namespace) -> int:
    """Print one component, or a line for each; 2 for a component that is not there."""
    from rich.console import Console

    from cx_conformance.blueprint.listing import Origins, platform_promises, promises
    from cx_conformance.blueprint.plan import PLATFORM
    from cx_conformance.blueprint.site import Site

    blueprint = blueprint_of(args)
    if args.since:
        console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 1000)
        console.print(_since(release_of(args.since, "--since").document, blueprint.document, args.component))
        return 0
    site = site_of(args, blueprint.document)
    plan = plan_of(blueprint, site)
    origins = Origins(blueprint, site)
    # A pipe gets whole lines: what reads it does not want them folded.
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 1000)
    if args.component is None:
        console.print(f"{blueprint.document.blueprint.name} {blueprint.document.blueprint.version}", style="bold")
        for setting, value, origin in _settings(args, origins):
            console.print(f"{setting}: {value}" + (f"  ({origin})" if args.origin else ""))
        console.print(_overview(plan))
        return 0
    name = args.component.lower()
    if name == PLATFORM:
        told = [(line, origins.of_platform(line)) for line in platform_promises(plan.platform)]
    elif name in plan.components:
        lines = promises(plan.components[name], site.document if site else Site())
        told = [(line, origins.of(name, line)) for line in lines]
    else:
        there = ", ".join((*plan.components, PLATFORM))
        sys.stderr.write(f"cx-conformance show: no component {args.component!r} is promised here; there are {there}\n")
        return WRONG_USAGE
    console.print(_table(name, told, with_origin=args.origin))
    return 0


def _since(before: "Blueprint", now: "Blueprint", component: str | None) -> "Table":
    """Make the table of what is promised otherwise, of one component or of all."""
    from rich.table import Table

    from cx_conformance.blueprint.since import differences

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("component", "promise", before.blueprint.version, now.blueprint.version):
        table.add_column(column, no_wrap=column in {"component", "promise"})
    last = ""
    for one in differences(before, now):
        if component in (None, one.component):
            table.add_row(one.component if one.component != last else "", one.field, one.before or "-", one.now or "-")
            last = one.component
    return table


def _settings(args: argparse.Namespace, origins: "Origins") -> Iterator[tuple[str, str, str]]:
    """Give what is not a component's: option first, then environment, then site file, then default."""
    options, site = options_of(args), origins.site
    default = "the shipped one"
    yield "blueprint", f"{origins.blueprint.path}", _origin(args, "blueprint") or default
    yield "site", f"{site.path if site else 'none: everything as documented'}", _origin(args, "site") or "default"
    written = site.document.fqdn if site else None
    place = f"{site.path.name}:{site.line_of('fqdn')}" if site and written else "default"
    yield "fqdn", options.fqdn or written or "unknown", _origin(args, "fqdn") or place


def _origin(args: argparse.Namespace, option: str) -> str | None:
    if getattr(args, option) is not None:
        return f"option --{option}"
    variable = ENVIRONMENT + option.upper()
    return f"environment {variable}" if os.environ.get(variable) else None


def _overview(plan: "Plan") -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("component", "kind", "workload", "namespace", "Service and ports", "ingress", "health", "store"):
        table.add_column(column, no_wrap=True)
    for name, planned in plan.components.items():
        facts = planned.facts
        ports = ", ".join(f"{port.port}" for port in facts.service.ports) if facts.service else ""
        service = f"{planned.service_names[0]} {ports}" if planned.service_names else ""
        health = facts.health[0].path if facts.health else ""
        ingress = facts.ingress.path if facts.ingress else ""
        store = facts.store.protocol if facts.store else ""
        table.add_row(
            name, facts.workload.kind, planned.names[0], planned.namespaces[0], service, ingress, health, store
        )
    return table


def _table(name: str, told: "list[tuple[Line, str]]", *, with_origin: bool) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", title=name, title_justify="left")
    for column in ("promise", "value", "source", *(("written in",) if with_origin else ()), "note"):
        table.add_column(column, no_wrap=column != "note")
    before = ""
    for line, origin in told:
        written = [origin] if with_origin else []
        table.add_row(line.field if line.field != before else "", line.value, line.source, *written, line.note)
        before = line.field
    return table
