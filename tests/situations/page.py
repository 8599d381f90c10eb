"""The page docs/situations.md: every situation with what the command makes of it.

``python -m tests.situations.page`` writes it anew.
"""

import re
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from junitparser import JUnitXml

from tests.situations import access, endings, inputs, network, platform, rights, weather
from tests.situations.command import Done
from tests.situations.endings import missing
from tests.situations.situation import EVERY, Situation
from tests.situations.stage import Stage

PAGE: Final = Path(__file__).parents[2] / "docs" / "situations.md"
GROUPS: Final = tuple(one.GROUP for one in (access, network, weather, rights, inputs, platform, endings))
_SENTENCES: Final = 3
"""Sentences of what is printed that the page shows."""
_LONGEST: Final = 400
_CHANGES: Final = (
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\d{4}-\d\d-\d\d(T[0-9:+.Z]+)?", "DATE"),
    (r"\b\d+ API requests, ", ""),
    (r"Asked of the cluster: .*", "Asked of the cluster: ..."),
    (r",? in \d+\.\d s", ""),
    (r"0x[0-9a-f]{6,}", "ADDRESS"),
    (r"\(\d tries\)", "(N tries)"),
    (r" \([^()]* is forbidden: [^()]*\)", ""),
    (r"\b[\d,]+ (outcomes|components)\b", r"N \1"),
    (r"\b(\d+\.\d+|\d{4}) s\b", "N s"),
    (r"\b\d{2,} of them again", "many of them again"),
    (r"(allowed are|it has|choose from|nor a component) .*", r"\1 ..."),
    (r"-[a-z0-9]{10}-[a-z0-9]{5}\b", "-HASH"),
)
"""What differs from one acting to the next, and how the page shows it."""


@dataclass(frozen=True, kw_only=True)
class Acted:
    """A situation, and what came of it."""

    situation: Situation
    done: Done
    outcome: str
    words: tuple[str, ...]
    junit: bool
    """Whether the file that was asked for is there."""


def acted(situation: Situation, stage: Stage) -> Acted:
    """Act a situation out."""
    with stage.act() as act:
        done = situation.play(act)
        junit = act.folder / "junit.xml"
        return Acted(
            situation=situation,
            done=done,
            outcome=_outcome(junit) if junit.exists() else "wrong usage" if done.status == 2 else "no report",
            words=tuple(_steady(one, act.folder) for one in _printed(done)),
            junit=junit.exists(),
        )


def all_acted(stage: Stage, situations: Iterable[Situation] = EVERY) -> list[Acted]:
    """Act all situations out that this machine can, some at a time, in the order of the page."""
    able = [one for one in situations if not missing(one.needs)]
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda one: acted(one, stage), able))


def _outcome(junit: Path) -> str:
    """Return the verdict, and the checks that decided it."""
    suite = next(iter(JUnitXml.fromfile(str(junit))))
    said = {one.name: one.value for one in suite.properties()}  # type: ignore[no-untyped-call] # theirs
    decided: dict[str, list[str]] = {"fail": [], "error": [], "waived": []}
    blocked = False
    for case in suite:
        for result in case.result:
            kind = {"Failure": "fail", "Error": "error"}.get(type(result).__name__, str(result.type))
            if kind in decided:
                decided[kind].append(case.name.split()[0])
            blocked |= kind == "blocked"
    parts = [f"{kind} {_some(sorted(set(checks)))}" for kind, checks in decided.items() if checks]
    parts += ["more blocked"] if blocked else []
    partial = " (partial)" if said["partial"] == "true" else ""
    return f"{said['verdict']}{partial}{': ' if parts else ''}{'; '.join(parts)}"


def _some(names: list[str]) -> str:
    """Name the first two: a check that is added later makes no page stale."""
    return ", ".join(names) if len(names) <= 2 else f"{', '.join(names[:2])} and others"


def _printed(done: Done) -> list[str]:
    """Return the sentences that matter to a reader: on standard error, then causes with what to do, then notes."""
    found = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    notes: list[str] = []
    section = ""
    for line in done.stdout.splitlines():
        if line and not line.startswith(" "):
            section = line
        if line.startswith("  vantage") and "again" in line:
            found.append(line.split(": ", 1)[1])
        elif line.startswith(("✗ ", "! ")):
            found.append(re.sub(r" {2,}\w+$", "", line[2:].strip()))
        elif line.startswith("  do "):
            found[-1] += f" → {line.removeprefix('  do ').strip()}"
        elif line.startswith("  ") and section.startswith(("WAIVE", "KEPT")) and not line.startswith("    "):
            notes.append(line.strip().removeprefix("w ").removeprefix("✓ "))
    # A small blueprint on an installation of more is the acting's own doing.
    found += [one for one in notes if not one.startswith("CX012 ")]
    last = next((line for line in reversed(done.stdout.splitlines()) if line), "nothing is printed")
    return found[:_SENTENCES] or [last]


def _steady(words: str, folder: Path) -> str:
    words = words.replace(f"{folder}/", "").replace(str(folder), "FOLDER")
    for pattern, shown in _CHANGES:
        words = re.sub(pattern, shown, words)
    return words if len(words) <= _LONGEST else words[: _LONGEST - 4] + " ..."


def page(every: list[Acted]) -> str:
    """Return docs/situations.md."""
    lines = [
        "# What a run says in each situation",
        "",
        "Generated by `python -m tests.situations.page` from situations that are acted out with the command itself;",
        "a test holds it true. Of what is printed the first sentences are shown, with words for ports, dates and",
        "durations. Requests that fail are tried again after a hundredth of a second; out there it takes longer.",
        "",
    ]
    for group in GROUPS:
        lines += [f"## {group}", "", "| situation | exit | outcome | words |", "| --- | --- | --- | --- |"]
        lines += [row(one) for one in every if one.situation.group == group]
        lines.append("")
    return "\n".join(lines)


def row(one: Acted) -> str:
    """Return one line of the page."""
    words = "<br>".join(_marked(text) for text in one.words)
    return f"{begin_of_row(one.situation)} {one.done.status} | {one.outcome} | {words} |"


def begin_of_row(situation: Situation) -> str:
    """Return how a situation's line begins."""
    return f"| {situation.meaning} |"


def _marked(words: str) -> str:
    """Return words as a cell of a table shows them, and nothing of them as markup."""
    return words.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("`", "\\`")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder)) as everything:
        PAGE.write_text(page(all_acted(everything)), "utf-8")
