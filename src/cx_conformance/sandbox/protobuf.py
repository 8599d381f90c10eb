"""Just enough of the API's protobuf form to read the reviews that kubectl posts in no other way.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding and the field numbers of
``k8s.io/api/authorization/v1/generated.proto``.
"""

from collections.abc import Mapping

from cx_conformance.sandbox.catalogue import Object

MAGIC = b"k8s\x00"

_Fields = Mapping[int, bytes]

_ENVELOPE_RAW, _SPEC = 2, 2
_RESOURCE_ATTRIBUTES = {
    1: "namespace",
    2: "verb",
    3: "group",
    4: "version",
    5: "resource",
    6: "subresource",
    7: "name",
}
_PATH_ATTRIBUTES = {1: "path", 2: "verb"}


def read_review(kind: str, body: bytes) -> Object:
    """Return the posted review of that kind as the JSON form has it.

    Raises ValueError for what is not such a message.
    """
    if not body.startswith(MAGIC):
        raise ValueError("a protobuf object starts with the bytes k8s and zero")
    review = _fields(_fields(body[len(MAGIC) :]).get(_ENVELOPE_RAW, b""))
    spec = _fields(review.get(_SPEC, b""))
    if kind == "SelfSubjectRulesReview":
        return {"spec": {"namespace": spec.get(1, b"").decode()}}
    if kind != "SelfSubjectAccessReview":
        return {}
    read: Object = {}
    for number, name, names in (
        (1, "resourceAttributes", _RESOURCE_ATTRIBUTES),
        (2, "nonResourceAttributes", _PATH_ATTRIBUTES),
    ):
        if number in spec:
            read[name] = {names[n]: value.decode() for n, value in _fields(spec[number]).items() if n in names}
    return {"spec": read}


def _fields(message: bytes) -> _Fields:
    """Return the length-delimited fields by number; of a repeated one the last."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(message):
        tag, at = _number(message, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            _, at = _number(message, at)
        elif wire_type == 2:
            length, at = _number(message, at)
            if at + length > len(message):
                raise ValueError("a protobuf field is cut off")
            found[number] = message[at : at + length]
            at += length
        else:
            raise ValueError(f"protobuf wire type {wire_type} does not occur in these messages")
    return found


def _number(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message):
            raise ValueError("a protobuf number is cut off")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
