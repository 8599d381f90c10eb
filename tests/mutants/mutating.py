"""The mutants of a file, by cosmic-ray's operators; each is a text, no file is written."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Final

LEFT_OUT: Final = (
    "core/RemoveDecorator",  # without @check there is no check, which the catalogue's test tells
    "core/Variable.*",  # they need names to be chosen
    "core/ReplaceBinaryOperator_BitOr_.*",  # in annotations
    "core/ReplaceBinaryOperator_.*_(Pow|FloorDiv|RShift|LShift|BitOr|BitAnd|BitXor|Mod)",  # Add, Sub, Mul, Div do
    "core/ReplaceComparisonOperator_Is.*_(Eq|NotEq|Lt|LtE|Gt|GtE)",  # the same for None
    "core/ReplaceComparisonOperator_(Eq|NotEq)_(Is|IsNot|Lt|LtE|Gt|GtE)",  # the negation stands for them
    "core/ReplaceComparisonOperator_(Lt|LtE|Gt|GtE)_(Is|IsNot|Eq|NotEq)",  # the neighbours stand for them
)
"""Operators of cosmic-ray that are not used, each with the reason."""
NO_BEHAVIOUR: Final = re.compile(r"@(dataclass|lru_cache)\b")
"""Changed lines that say how a record is stored or how much is remembered: nothing that anybody sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of a file."""

    operator: str
    source: str
    where: str
    """The function, the class or the constant that it is in."""
    line: int
    before: str
    """The lines that differ, as they are."""
    after: str

    @property
    def words(self) -> str:
        """Return what is changed, and where."""
        return f"{self.where}, line {self.line}: {self.before} -> {self.after}"


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's text."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    for name in sorted(operator_names()):
        if any(re.fullmatch(pattern, name) for pattern in LEFT_OUT):
            continue
        number = 0
        while (changed := mutate_code(source, get_operator(name)(), number)) is not None:
            number += 1
            head, *lines = list(unified_diff(source.splitlines(), changed.splitlines(), lineterm="", n=0))[2:]
            before, after = (" ".join(one[1:].strip() for one in lines if one.startswith(sign)) for sign in "-+")
            # The star and the slash of a parameter list are no operators.
            signature = "BinaryOperator" in name and before.startswith("def ")
            if not (signature or NO_BEHAVIOUR.match(before)):
                yield Mutant(
                    operator=name,
                    source=changed,
                    where=", ".join(sorted(touched(source, changed))),
                    line=int(re.findall(r"[0-9]+", head)[0]),
                    before=before,
                    after=after,
                )


def touched(source: str, changed: str) -> set[str]:
    """Return the names of what stands at the top of the module and differs."""
    pairs = zip(ast.parse(source).body, ast.parse(changed).body, strict=True)
    return {name for one, other in pairs if ast.dump(one) != ast.dump(other) for name in _names(one)}


def concerned(source: str, names: set[str]) -> set[str]:
    """Return what stands at the top of the module and is of these names, or uses one that is."""
    uses = {
        name: {inner.id for inner in ast.walk(one) if isinstance(inner, ast.Name)}
        for one in ast.parse(source).body
        for name in _names(one)
    }
    found = set(names)
    while more := {name for name, used in uses.items() if used & found} - found:
        found |= more
    return found


def _names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {one.id for one in targets if isinstance(one, ast.Name)}
