"""What must hold of one file of checks, asked without starting pytest: a mutant for which it does not is killed.

The quickest questions come first.
"""

from collections.abc import Iterator

from cx_conformance.catalogue import all_checks
from cx_conformance.outcome.outcome import Result
from tests.campaign import measured
from tests.campaign.judging import Fate, judge, static_checks
from tests.campaign.operators import all_mutations
from tests.checks.installation import Installation
from tests.checks.test_breaking import BROKEN
from tests.checks.test_notes import NOTED
from tests.checks.test_variations import VARIATIONS
from tests.checks.variations import FIELD

SITE = {"fqdn": "cx.example.com"}
_KEPT = (Result.PASS, Result.NOT_APPLICABLE)


def wrong(area: str) -> Iterator[str]:
    """Yield what is not as it should be with the static checks of an area."""
    static_checks.cache_clear()  # of before the mutation
    own = [one.id for one in all_checks() if one.area == area and not one.live]
    yield from _alarms("the reference installation", Installation(SITE), own)
    for identity, component, entry, break_it, words in BROKEN:
        if identity in own:
            installation = Installation(SITE)
            break_it(installation)
            ended = installation.outcome(identity, component, entry)
            said = ended.evidence.get("seen", "") if ended.result is Result.BLOCKED else ended.message
            if ended.result not in (Result.FAIL, Result.BLOCKED) or words not in said:
                yield f"{identity} of {component}: {ended.result}: {said}"
    for identity, component, entry, vary, words in NOTED:
        if identity in own:
            usual, varied = Installation(SITE), Installation(SITE)
            vary(varied)
            notes = [one.outcome(identity, component, entry).evidence.get("notes", []) for one in (usual, varied)]
            if [any(words in note for note in told) for told in notes] != [False, True]:
                yield f"{identity} of {component}: {notes}"
    for identity in {"CX203", "CX205", "CX206"} & set(own):
        if Installation(SITE).outcome(identity, "keycloak", "keycloak:8443").result is not Result.PASS:
            yield f"{identity} looks away from an optional port"
    yield from _survivors(set(own))
    for name, vary in (VARIATIONS | FIELD).items():
        installation = Installation(SITE)
        vary(installation)
        yield from _alarms(name, installation, own)


def _alarms(name: str, installation: Installation, own: list[str]) -> Iterator[str]:
    for one in installation.all_outcomes(own):
        if one.result not in _KEPT:
            yield f"{name}: {one.check} {one.component}: {one.message}"


def _survivors(own: set[str]) -> Iterator[str]:
    """Break a fact by each operator that these checks are known to kill, two components each."""
    known: dict[str, list[str]] = {}
    for row in measured.load():
        if row.fate == Fate.KILLED and not row.live and own & set(row.checks):
            known.setdefault(row.operator, []).append(row.fact)
    wanted = {(name, fact) for name, facts in known.items() for fact in (facts[0], facts[-1])}
    for mutation in all_mutations():
        if (mutation.operator.name, mutation.fact.name) in wanted:
            ended = judge(mutation)
            if ended.fate is not Fate.KILLED:
                yield f"{mutation.name}: {ended.fate}"
