"""The page ``docs/coverage.md``: what would be caught, what would not, and what raises no alarm."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import yaml

from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.suite_files import suite_root
from tests.campaign import measured
from tests.campaign.facts import NO_FACTS, Fact
from tests.campaign.ground import all_facts
from tests.campaign.measured import Row
from tests.campaign.survivors import optional, reason_for, reasons
from tests.checks.test_variations import VARIATIONS
from tests.checks.variations import FIELD

PAGE: Final = suite_root() / "docs" / "coverage.md"
CODE: Final = Path(__file__).with_name("code_mutants.yaml")
"""What mutation testing of the code found, as measured by ``tox -e mutation``."""


def page() -> str:
    """Return the page, from the model, from what the last whole campaign found, and from the data files."""
    rows = measured.load()
    facts = [fact for _, fact in all_facts()]
    return "\n".join(
        [
            "# Coverage",
            "",
            "What the suite would catch. Written by `tox -e campaign -- --write`, which breaks every fact of the",
            "blueprint in a conformant installation, one at a time, and looks. Killed means: an outcome that passed",
            "fails for that component, and its words name the fact. The facts are read off the blueprint's model, not",
            "off the checks.",
            "",
            *_summary(facts, rows),
            *_areas(facts, rows),
            *_ways(rows),
            *_checks(rows),
            *_survivors(facts, rows),
            *_alarms(),
            *_code(),
        ]
    )


def _table(head: Iterable[str], lines: Iterable[Iterable[object]]) -> Iterator[str]:
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield f"| {' | '.join('---' for _ in names)} |"
    for line in lines:
        yield f"| {' | '.join(str(one) for one in line)} |"
    yield ""


def _summary(facts: list[Fact], rows: Iterable[Row]) -> Iterator[str]:
    told = list(rows)
    killed = sum(one.fate == "killed" for one in told)
    broken = {one.fact for one in told}
    dead = {one.fact for one in told if one.fate == "killed"}
    yield from _table(
        ("", ""),
        [
            ("facts of the blueprint", len(facts)),
            ("of them may be absent by the blueprint's own word", sum(optional(one) for one in facts)),
            ("facts that some operator breaks", len(broken)),
            ("of them killed at least once", len(dead)),
            ("mutations", len(told)),
            ("of them by the API's own objects", sum(not one.live for one in told)),
            ("of them so that only a probe sees it", sum(one.live for one in told)),
            ("killed", f"{killed} ({100 * killed / len(told):.1f} %)"),
            ("survivors, each with a reason below", len(told) - killed),
        ],
    )


def _areas(facts: list[Fact], rows: Iterable[Row]) -> Iterator[str]:
    by_area: dict[str, list[Row]] = defaultdict(list)
    for one in rows:
        by_area[_area(one.field)].append(one)
    number = Counter(_area(one.field) for one in facts)
    yield "## Kill rate by area\n"
    yield from _table(
        ("area of the blueprint", "facts", "mutations", "killed"),
        [
            (area, number[area], len(by_area[area]), _rate(by_area[area]))
            for area in dict.fromkeys(_area(one.field) for one in facts)
        ],
    )


def _area(field: str) -> str:
    parts = field.removeprefix("helm:").split(".")
    return ".".join(parts[:2]) if parts[0] == "platform" else parts[0]


def _rate(rows: list[Row]) -> str:
    if not rows:
        return "see below"
    return f"{100 * sum(one.fate == 'killed' for one in rows) / len(rows):.1f} %"


def _ways(rows: Iterable[Row]) -> Iterator[str]:
    by_way: dict[str, list[Row]] = defaultdict(list)
    for one in rows:
        by_way[one.how].append(one)
    yield "## Kill rate by the way of breaking\n"
    lines = [
        (how, len({one.operator for one in found}), len(found), _rate(found)) for how, found in sorted(by_way.items())
    ]
    yield from _table(("way", "operators", "mutations", "killed"), lines)


def _checks(rows: Iterable[Row]) -> Iterator[str]:
    facts: dict[str, set[str]] = defaultdict(set)
    alone: Counter[str] = Counter()
    kills: Counter[str] = Counter()
    for one in rows:
        if one.fate == "killed":
            for check in one.checks:
                facts[check].add(one.fact)
                kills[check] += 1
            alone.update(one.checks if len(one.checks) == 1 else ())
    yield "## Facts by check\n"
    yield "A check that kills nothing here is about something that no fact of the blueprint says: the cluster's health,"
    yield "copies of certificates, strangers.\n"
    yield from _table(
        ("check", "title", "facts", "kills", "kills of its alone"),
        [(one.id, one.title, len(facts[one.id]), kills[one.id], alone[one.id]) for one in all_checks()],
    )


def _survivors(facts: list[Fact], rows: Iterable[Row]) -> Iterator[str]:
    told = list(rows)
    by_name = {one.name: one for one in facts}
    left: dict[str, list[str]] = defaultdict(list)
    for one in told:
        if one.fate != "killed":
            why = reason_for(by_name[one.fact], one.operator)
            left[why.reason if why else "**no reason yet**"].append(f"`{one.fact}`: {one.operator}")
    broken = {one.fact for one in told}
    for fact in facts:
        if fact.name not in broken and not optional(fact):
            why = reason_for(fact, None)
            left[why.reason if why else "**no reason yet**"].append(f"`{fact.name}`: nothing breaks it")
    yield "## Survivors\n"
    yield from _table(
        ("what", "number", "why"),
        [
            (f"{names[0]}{' and the like' if len(names) > 1 else ''}", len(names), " ".join(why.split()))
            for why, names in left.items()
        ],
    )
    yield f"Reasons are kept in `tests/campaign/survivors.yaml` ({len(reasons())} entries).\n"
    yield "What the model holds beside facts:\n"
    yield from _table(("field", "why nothing breaks it"), ((f"`{name}`", why) for name, why in NO_FACTS.items()))


def _alarms() -> Iterator[str]:
    names = [*VARIATIONS, *FIELD]
    yield "## No false alarms\n"
    yield f"{len(names)} legitimate variations leave the verdict conformant; each is a test of every static check:\n"
    yield "; ".join(names) + ".\n"


def _code() -> Iterator[str]:
    if not CODE.exists():
        return
    found = yaml.safe_load(CODE.read_text(encoding="utf-8"))
    yield "## Mutants of the code\n"
    yield f"Mutation testing of the code (`tox -e mutation`), as measured on {found['measured']}:\n"
    yield from _table(
        ("module", "mutants", "killed", "justified", "rate"),
        [
            (
                f"`{one['module']}`",
                one["mutants"],
                one["killed"],
                one["justified"],
                f"{100 * (one['killed'] + one['justified']) / one['mutants']:.1f} %",
            )
            for one in found["modules"]
        ],
    )
    yield from (f"- {line}" for line in found["remarks"])
    yield ""
