"""Answers to GET of one object and of a list: selectors, pages, and the representation that was asked for."""

import base64
import binascii
from collections.abc import Callable, Mapping

import orjson
from msgspec import Struct

from cx_conformance.sandbox import tables
from cx_conformance.sandbox.catalogue import Object, Resource
from cx_conformance.sandbox.selectors import field_selector, label_selector
from cx_conformance.sandbox.state import Key, Record, State
from cx_conformance.sandbox.statuses import Refusal, bad_request, expired

_PAGE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)
_ANY_VERSION = -1
"""In a page token: go on in the present list, whatever changed since."""
_ACCEPTED = (
    "only the following media types are accepted: application/json, "
    "application/json;as=Table;v=v1;g=meta.k8s.io, application/json;as=PartialObjectMetadata(List);v=v1;g=meta.k8s.io"
)

Pair = tuple[Key, Record]


class Wanted(Struct, frozen=True):
    """Which list: of what, where, and the query parameters of the request."""

    resource: Resource
    namespace: str
    path: str
    query: Mapping[str, str]


def representation(accept: str) -> str:
    """Return what an Accept header asks for: ``object``, ``table`` or ``metadata``.

    Raises a 406 Refusal where nothing of it is served.
    """
    for media_range in accept.split(","):
        media_type, *parameters = (part.strip() for part in media_range.split(";"))
        options = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if media_type not in ("application/json", "*/*", "application/*", ""):
            continue
        if options.get("as") == "Table":
            return "table"
        if options.get("as", "").startswith("PartialObjectMetadata"):
            return "metadata"
        if "as" not in options:
            return "object"
    raise Refusal(406, "NotAcceptable", _ACCEPTED)


def one(resource: Resource, record: Record, accept: str, query: Mapping[str, str]) -> bytes:
    """Return the body of a GET of one object."""
    how = representation(accept)
    if how == "table":
        return tables.render(resource, [record.thing], {}, query.get("includeObject", "Metadata"))
    if how == "metadata":
        return orjson.dumps(tables.partial(record.thing)) + b"\n"
    if resource.custom:
        return record.item + b"\n"
    return _headed(resource.kind, resource.api_version, record.item) + b"\n"


def many(state: State, wanted: Wanted, accept: str) -> bytes:
    """Return the body of a LIST.

    Raises a Refusal for a selector, version or page token that the API server would refuse.
    """
    how = representation(accept)
    chosen, metadata = _page(state, wanted)
    resource = wanted.resource
    if how == "table":
        things = [record.thing for _, record in chosen]
        return tables.render(resource, things, metadata, wanted.query.get("includeObject", "Metadata"))
    if how == "metadata":
        head = _head("PartialObjectMetadataList", "meta.k8s.io/v1", metadata)
        items = [orjson.dumps(tables.partial(record.thing)) for _, record in chosen]
    else:
        head = _head(f"{resource.kind}List", resource.api_version, metadata)
        items = [record.item for _, record in chosen]
    return b"".join((head, b",".join(items), b"]}\n"))


def matcher(wanted: Wanted) -> Callable[[Object], bool]:
    """Return the predicate of the request's selectors; True for all when it has none."""
    tests = []
    if labels := wanted.query.get("labelSelector"):
        tests.append(label_selector(labels))
    if fields := wanted.query.get("fieldSelector"):
        tests.append(field_selector(fields, wanted.resource))
    return lambda thing: all(test(thing) for test in tests)


def _page(state: State, wanted: Wanted) -> tuple[list[Pair], Object]:
    version, records = state.version, state.records(wanted.resource, wanted.namespace)
    start: str | None = None
    limit = _number(wanted.query.get("limit", ""))
    if token := wanted.query.get("continue"):
        version, start = _read_token(token)
        kept = records if version == _ANY_VERSION else state.kept_page(version, wanted.path)
        if kept is None:
            raise expired(_PAGE_TOO_OLD, _token(_ANY_VERSION, start))
        version, records = (state.version if version == _ANY_VERSION else version), kept
    elif _is_gone(state, wanted):
        raise expired("The resourceVersion for the provided list is too old.")
    matches = matcher(wanted)
    after = _after(start, wanted.namespace)
    chosen = [pair for pair in records if (after is None or pair[0] > after) and matches(pair[1].thing)]
    metadata: Object = {"resourceVersion": str(version)}
    if limit and len(chosen) > limit:
        state.keep_page(wanted.path, version, records)
        metadata["continue"] = _token(version, _position(chosen[limit - 1][0], wanted.namespace))
        if not (wanted.query.get("labelSelector") or wanted.query.get("fieldSelector")):
            metadata["remainingItemCount"] = len(chosen) - limit
        chosen = chosen[:limit]
    return chosen, metadata


def _is_gone(state: State, wanted: Wanted) -> bool:
    if wanted.query.get("resourceVersionMatch") != "Exact":
        return False
    asked = _number(wanted.query.get("resourceVersion", ""))
    return asked < state.oldest or bool(state.changes(wanted.resource, asked))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _position(key: Key, namespace: str) -> str:
    path = f"/{key.name}" if namespace or not key.namespace else f"/{key.namespace}/{key.name}"
    return path + "\0"


def _after(position: str | None, namespace: str) -> Key | None:
    if position is None:
        return None
    steps = position.rstrip("\0").split("/")[1:]
    return Key(steps[0], steps[1]) if len(steps) == 2 else Key(namespace, steps[0])


def _token(version: int, position: str) -> str:
    text = orjson.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": position})
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _read_token(token: str) -> tuple[int, str]:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise _not_a_token("illegal base64 data at input byte 0") from None
    try:
        read = orjson.loads(text)
        return int(read["rv"]), str(read["start"])
    except (ValueError, KeyError, TypeError):
        first = text[:1].decode("latin-1")
        raise _not_a_token(f"invalid character '{first}' looking for beginning of value") from None


def _not_a_token(why: str) -> Refusal:
    return bad_request(f"invalid continue token: continue key is not valid: {why}")


def _head(kind: str, api_version: str, metadata: Object) -> bytes:
    head = orjson.dumps({"kind": kind, "apiVersion": api_version, "metadata": metadata})
    return head[:-1] + b',"items":['


def _headed(kind: str, api_version: str, item: bytes) -> bytes:
    return orjson.dumps({"kind": kind, "apiVersion": api_version})[:-1] + b"," + item[1:]
