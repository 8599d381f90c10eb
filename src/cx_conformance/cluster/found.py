"""How what is promised is found: the live object and a note, or what is said where there is none."""

from typing import Generic, TypeVar

from msgspec import Struct

T_co = TypeVar("T_co", covariant=True)


class Absent(AssertionError):  # noqa: N818 - an outcome, not a bug
    """What is promised does not exist; the text says what was looked for, and what comes close to it."""


class Found(Struct, Generic[T_co], frozen=True):
    """A live object, and a note where it is not the documented one."""

    object: T_co
    note: str | None = None
