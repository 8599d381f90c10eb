"""Label and field selectors, as the API documentation defines them and the API server words its refusals."""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from cx_conformance.sandbox.catalogue import Object, Resource
from cx_conformance.sandbox.statuses import bad_request, quoted

Matches = Callable[[Object], bool]

_TOKEN = re.compile(r"\s*(==|!=|[=!,()]|[^\s=!,()]+)")
_SET_OPERATORS = ("in", "notin")

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "Event": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "Namespace": ("status.phase",),
    "Secret": ("type",),
    "Node": ("spec.unschedulable",),
    "ReplicaSet": ("status.replicas",),
    "Job": ("status.successful",),
}


class _Requirement(Struct, frozen=True):
    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        if self.operator == "exists":
            return self.key in labels
        if self.operator == "absent":
            return self.key not in labels
        matched = self.key in labels and labels[self.key] in self.values
        return matched if self.operator == "in" else not matched


def label_selector(text: str) -> Matches:
    """Return the predicate of a ``labelSelector`` query parameter.

    Raises a 400 Refusal where it cannot be parsed.
    """
    requirements = _parse(text)

    def matches(thing: Object) -> bool:
        labels = thing["metadata"].get("labels") or {}
        return all(requirement.holds(labels) for requirement in requirements)

    return matches


def match_labels(selector: Mapping[str, str], labels: Mapping[str, str] | None) -> bool:
    """Tell whether ``labels`` hold every pair of ``selector``; an empty one matches nobody, as a Service's."""
    return bool(selector) and selector.items() <= (labels or {}).items()


def field_selector(text: str, resource: Resource) -> Matches:
    """Return the predicate of a ``fieldSelector`` query parameter for one kind.

    Raises a 400 Refusal for a field that the kind cannot be selected by.
    """
    known = ("metadata.name", *(("metadata.namespace",) if resource.namespaced else ()))
    known = (*known, *_FIELDS.get(resource.kind, ()))
    wanted: list[tuple[str, str, bool]] = []
    for term in filter(None, text.split(",")):
        match = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", term)
        if match is None:
            raise bad_request(f"invalid field selector: {quoted(text)}; can't understand {quoted(term)}")
        path, operator, value = match.groups()
        if path not in known:
            listed = ", ".join(quoted(each) for each in known)
            raise bad_request(f"{quoted(path)} is not a known field selector: only {listed}")
        wanted.append((path, value, operator != "!="))

    def matches(thing: Object) -> bool:
        return all((_field(thing, path) == value) == equal for path, value, equal in wanted)

    return matches


def _field(thing: Object, path: str) -> str:
    value: object = thing
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _parse(text: str) -> list[_Requirement]:
    tokens = _TOKEN.findall(text)
    requirements = []
    while tokens:
        requirements.append(_requirement(tokens))
        if tokens and tokens.pop(0) != ",":
            raise _unparsable(f"found {_shown(tokens)}, expected: ',' or 'end of string'")
    return requirements


def _requirement(tokens: list[str]) -> _Requirement:
    first = tokens.pop(0)
    if first == "!":
        return _Requirement(_word(tokens), "absent")
    if _is_symbol(first):
        raise _unparsable(f"found '{first}', expected: !, identifier, or 'end of string'")
    if not tokens or tokens[0] == ",":
        return _Requirement(first, "exists")
    operator = tokens.pop(0)
    if operator in ("=", "=="):
        return _Requirement(first, "in", frozenset({_word(tokens, optional=True)}))
    if operator == "!=":
        return _Requirement(first, "notin", frozenset({_word(tokens, optional=True)}))
    if operator in _SET_OPERATORS:
        return _Requirement(first, operator, _values(tokens))
    raise _unparsable(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")


def _values(tokens: list[str]) -> frozenset[str]:
    if not tokens or tokens.pop(0) != "(":
        raise _unparsable("found '', expected: '('")
    values = set()
    while tokens and tokens[0] != ")":
        values.add(_word(tokens))
        if tokens and tokens[0] == ",":
            tokens.pop(0)
    if not tokens:
        raise _unparsable("found '', expected: ',' or ')'")
    tokens.pop(0)
    return frozenset(values)


def _word(tokens: list[str], *, optional: bool = False) -> str:
    if optional and (not tokens or tokens[0] == ","):
        return ""
    if not tokens or _is_symbol(tokens[0]):
        raise _unparsable(f"found {_shown(tokens)}, expected: identifier")
    return tokens.pop(0)


def _is_symbol(token: str) -> bool:
    return token in ("=", "==", "!=", "!", ",", "(", ")")


def _shown(tokens: list[str]) -> str:
    return f"'{tokens[0]}'" if tokens else "''"


def _unparsable(why: str) -> Exception:
    return bad_request(f"unable to parse requirement: {why}")
