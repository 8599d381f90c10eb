"""The matrix of docs/stores.md: each store in each condition, what is found and in which words.

``python -m tests.probes.stores.matrix`` writes the page anew.
"""

import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from cx_conformance.probes.stores import s3
from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.target import Credentials, Limits, Target, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores.certificates import Authority
from tests.probes.stores import faults
from tests.probes.stores.asking import PATIENT, QUICK, WRONG
from tests.probes.stores.stage import OBSERVE, Stage, door

PAGE = Path(__file__).parents[3] / "docs" / "stores.md"
PASSWORD = SecretStr("Pl4nted+Secret/=&? %ü")
CONDITIONS: Mapping[str, str] = {
    "good": "everything is as promised, over TLS",
    "wrong password": "the components' password is not the store's",
    "open": "the store lets everybody in",
    "wrong CA": "the certificate is of a CA that the components do not have",
    "expired": "the certificate ended on 2025-01-31",
    "wrong host": "the certificate is for another name than the promised one",
    "no TLS": "the store speaks without TLS where TLS is promised",
    "TLS": "the store wants TLS where none is promised",
    "wrong protocol": "another server is on the port",
    "refused": "nothing listens",
    "hang": "connections are accepted and nothing is said",
    "reset": "connections are reset",
    "cut off": "the connection is reset after the first 3 bytes of the answer",
    "half-close": "the server ends its side at once",
    "garbage": "the answer is of no protocol",
    "read-only": "the store takes no writes",
    "not ready": "the store is starting",
}
LEVEL_WORDS = {
    Level.REACHABLE: "not reachable",
    Level.TLS: "TLS fails",
    Level.SPEAKS: "does not speak",
    Level.LOGS_IN: "login fails",
    Level.USABLE: "not usable",
    Level.REFUSES_WRONG_PASSWORD: "accepts anybody",
    Level.REFUSES_ANONYMOUS: "accepts anybody",
    Level.REFUSES_PLAINTEXT: "accepts plaintext",
}


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One cell before it is asked; ``target`` None where the store has no such state."""

    store: str
    condition: str
    target: Target | None
    credentials: Credentials
    writes: bool = False

    def ask(self) -> StoreObservation | None:
        """Return what was seen."""
        if self.target is None:
            return None
        if self.writes:
            return s3.observe(self.target, self.credentials, allow_writes=True)
        return OBSERVE[self.store](self.target, self.credentials)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: in short, and the words."""

    store: str
    condition: str
    short: str
    words: str
    kind: Kind | None
    milliseconds: float


def situations(stage: Stage) -> Iterator[Situation]:
    """Yield every cell of the matrix, its server started."""
    for store in OBSERVE:
        for condition, (port, tls, host) in _doors(stage, store).items():
            password = WRONG if condition == "wrong password" else None
            yield Situation(
                store=store,
                condition=condition,
                target=door(store, port, tls, host, _limits(condition)) if port is not None else None,
                credentials=stage.credentials(store, password),
                writes=store == "s3" and condition == "read-only",
            )


def _limits(condition: str) -> Limits:
    return QUICK if condition in {"hang", "no TLS", "wrong protocol"} else PATIENT


def _doors(stage: Stage, store: str) -> Mapping[str, tuple[int | None, TlsExpectation | None, str | None]]:
    trust, plain = stage.trust, stage.plain(store)
    other = TlsExpectation(ca_pem=Authority("another CA").ca_pem)
    return {
        "good": (stage.secured(store), trust, None),
        "wrong password": (stage.secured(store), trust, None),
        "open": (stage.opened(store), None, None),
        "wrong CA": (stage.secured(store), other, None),
        "expired": (stage.expired(store), trust, None),
        "wrong host": (stage.secured(store), trust, f"renamed-{store}.ef-external.svc"),
        "no TLS": (plain, trust, None),
        "TLS": (stage.secured(store), None, None),
        "wrong protocol": (stage.foreign(store), None, None),
        "refused": (stage.closed(), None, None),
        "hang": (stage.faulty(faults.hang), None, None),
        "reset": (stage.faulty(faults.reset), None, None),
        "cut off": (stage.faulty(faults.reset_after(plain, 3)), None, None),
        "half-close": (stage.faulty(faults.half_close), None, None),
        "garbage": (stage.faulty(faults.garbage), None, None),
        "read-only": (stage.read_only(store), None, None),
        "not ready": (stage.starting(store), None, None),
    }


def tell(situation: Situation, seen: StoreObservation | None) -> Cell:
    """Return the cell: the first level that is not as it should be, or that all is well."""
    short, words, kind, milliseconds = "-", "a store of this kind has no such state", None, 0.0
    if seen is not None:
        milliseconds = seen.milliseconds
        failed = [(level, seen.findings[level]) for level in Level if seen.findings[level].ok is False]
        if situation.condition == "open":
            failed = [one for one in failed if one[0] is Level.REFUSES_ANONYMOUS] or failed
        short, words = "well", seen.usable.words
        if failed:
            level, finding = failed[0]
            short, words, kind = LEVEL_WORDS[level], finding.words, finding.kind
    return Cell(
        store=situation.store,
        condition=situation.condition,
        short=short,
        words=words,
        kind=kind,
        milliseconds=milliseconds,
    )


def cells(stage: Stage) -> list[Cell]:
    """Ask every situation, some at a time, and return the cells in the order of the page."""
    everything = list(situations(stage))
    stage.settle()
    with ThreadPoolExecutor(8) as pool:
        return [tell(*asked) for asked in zip(everything, pool.map(Situation.ask, everything), strict=True)]


def page(every: list[Cell]) -> str:
    """Return docs/stores.md."""
    found = {(cell.store, cell.condition): cell for cell in every}
    lines = [
        "# What is said of a store",
        "",
        "Generated by `python -m tests.probes.stores.matrix` from servers in each condition; a test holds it true.",
        "Time limits are those of the tests: 1 s for an answer where none comes.",
        "",
        "| condition | " + " | ".join(OBSERVE) + " |",
        "| --- |" + " --- |" * len(OBSERVE),
    ]
    lines += [
        f"| {condition} | " + " | ".join(found[store, condition].short for store in OBSERVE) + " |"
        for condition in CONDITIONS
    ]
    for store in OBSERVE:
        lines += ["", f"## {store}", "", "| condition | | words |", "| --- | --- | --- |"]
        for condition, meaning in CONDITIONS.items():
            cell = found[store, condition]
            words = cell.words.replace("|", "\\|")
            lines.append(f"| {condition}: {meaning} | {cell.short} | {words} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, Stage(Authority(), PASSWORD, Path(folder)) as everything:
        PAGE.write_text(page(cells(everything)), "utf-8")
