"""The page ``docs/coverage.md``: what would be caught, what would not, and what raises no alarm."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import yaml

from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.suite_files import suite_root
from tests.campaign import by_fault, captured, measured
from tests.campaign.facts import NO_FACTS, Fact
from tests.campaign.ground import all_facts
from tests.campaign.measured import Row
from tests.campaign.survivors import optional, reason_for, reasons
from tests.checks.test_variations import VARIATIONS
from tests.checks.variations import FIELD
from tests.soak import counted

PAGE: Final = suite_root() / "docs" / "coverage.md"
CODE: Final = Path(__file__).with_name("code_mutants.yaml")
"""What mutation testing of the code found, as measured by ``tox -e mutation``."""


def page() -> str:
    """Return the page, from the model, from what the last whole campaign found, and from the data files."""
    rows = measured.load()
    facts = {(base.name, fact.name): fact for base, fact in all_facts(measured.releases())}
    return "\n".join(
        [
            "# Coverage",
            "",
            "What the suite would catch. Written by `tox -e campaign -- --write`, which breaks every fact of every",
            "release in a conformant installation, one at a time, and looks. Killed means: an outcome that passed",
            "or did not apply fails for that component, and its words name the fact. The facts are read off the",
            "blueprint's model, not off the checks.",
            "",
            *_summary(facts, rows),
            *_areas(list(facts.values()), rows),
            *_ways(rows),
            *_checks(rows),
            *_by_fault(),
            *_survivors(facts, rows),
            *captured.section(),
            *_alarms(),
            *_soak(),
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


Facts = Mapping[tuple[str, str], Fact]
"""By release and name."""


def _summary(facts: Facts, rows: Iterable[Row]) -> Iterator[str]:
    told = list(rows)
    counts = {release: _counts(release, facts, told) for release in measured.releases()}
    lines = [(one, *number, _rate([row for row in told if row.release == one])) for one, number in counts.items()]
    together = [sum(column) for column in zip(*counts.values(), strict=True)]
    yield from _table(
        ("release", "facts", "may be absent", "broken", "mutations", "by objects", "for probes", "survive", "killed"),
        [*lines, ("together", *together, _rate(told))],
    )
    yield "Facts that may be absent are so by the blueprint's own word. By objects: the API's own objects show it; for"
    yield "probes: only an active look does. What survives has its reason below.\n"


def _counts(release: str, facts: Facts, rows: Iterable[Row]) -> tuple[int, ...]:
    own = [fact for (of, _), fact in facts.items() if of == release]
    told = [one for one in rows if one.release == release]
    killed = sum(one.fate == "killed" for one in told)
    live = sum(one.live for one in told)
    broken = len({one.fact for one in told})
    absent = sum(optional(one) for one in own)
    return len(own), absent, broken, len(told), len(told) - live, live, len(told) - killed


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
    parts = field.split(".")
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
                facts[check].add(f"{one.release} {one.fact}")
                kills[check] += 1
            alone.update(one.checks if len(one.checks) == 1 else ())
    yield "## Facts by check\n"
    yield "A check that kills nothing here is about something that no fact of the blueprint says: the cluster's health,"
    yield "copies of certificates, strangers.\n"
    yield from _table(
        ("check", "title", "facts", "kills", "kills of its alone"),
        [(one.id, one.title, len(facts[one.id]), kills[one.id], alone[one.id]) for one in all_checks()],
    )


def _by_fault() -> Iterator[str]:
    yield "## Checks by fault\n"
    yield "About these the blueprint says nothing, so that no fact of it can be broken for them: a person's login, a"
    yield "cluster before anything is installed on it, Helm's own work. Each is broken by a fault of the embedded"
    yield "cluster, and tests hold that it finds it and no other check does.\n"
    yield from _table(("check", "title", "found when"), by_fault.rows())


def _survivors(facts: Facts, rows: Iterable[Row]) -> Iterator[str]:
    told = list(rows)
    left: dict[str, list[str]] = defaultdict(list)
    for one in told:
        if one.fate != "killed":
            why = reason_for(facts[one.place], one.operator)
            left[why.reason if why else "**no reason yet**"].append(f"`{one.fact}`: {one.operator}")
    broken = {one.place for one in told}
    for place, fact in facts.items():
        if place not in broken and not optional(fact):
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


def _soak() -> Iterator[str]:
    day, counts = counted.load()
    yield "## The verdict of an unchanged cluster\n"
    yield "Whole runs on the embedded cluster, its containers starved of their CPU by seeds (`tox -e soak`): every"
    yield "exec, look-up, tunnel and answer is held up, by up to four seconds of the five that an answer is waited for."
    yield "Alike is a run in which every promise ends as in one where nothing is held up."
    yield f"As counted on {day}:\n"
    yield from _table(
        ("installation", "runs", "alike"),
        [(f"`{one.fault}`" if one.fault else "healthy", one.runs, one.alike) for one in counts],
    )


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
