"""Whom a rule of Traefik takes: ``Host(`cx.example.com`) && (PathPrefix(`/ccm`) || Path(`/`))``.

https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/
Of version 2 matchers may have several values, any of which will do, and expressions in braces within paths and hosts.
"""

import re
from collections.abc import Callable
from typing import Final

from cx_conformance.cluster import foreign_expression

_TOKEN: Final = re.compile(r"\s*(&&|\|\||!|\(|\)|[A-Za-z]+\((?:\s*(?:`[^`]*`|\"[^\"]*\")\s*,?)*\))")
_VALUE: Final = re.compile(r"`([^`]*)`|\"([^\"]*)\"")
_NAMED: Final = re.compile(r"\{[A-Za-z]")
"""An expression of version 2 begins with its name: ``{subdomain:[a-z]+}.example.com``."""
_LONGEST: Final = 2000

Taken = bool | None
"""Whether a call is taken; None: that depends on more than its host and its path, or only Traefik can tell."""


class _UnreadableError(ValueError):
    """A rule that Traefik would not read so either, or that has words which are not known here."""


def takes(rule: str, host: str, path: str) -> Taken:
    """Say whether a rule takes the calls of ``path`` at ``host``; any host is taken where none is known (empty)."""
    try:
        tokens = _tokens(rule)
        found = _any(tokens, host.lower(), path)
    except _UnreadableError:
        return None
    return None if tokens else found


def _tokens(rule: str) -> list[str]:
    found, at, text = [], 0, rule.strip()
    if len(text) > _LONGEST:
        raise _UnreadableError
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _UnreadableError
        found.append(token[1])
        at = token.end()
    return found[::-1]  # the next one is the last


def _any(tokens: list[str], host: str, path: str) -> Taken:
    found = [_all(tokens, host, path)]
    while tokens and tokens[-1] == "||":
        tokens.pop()
        found.append(_all(tokens, host, path))
    return _one_of(found)


def _all(tokens: list[str], host: str, path: str) -> Taken:
    found = [_one(tokens, host, path)]
    while tokens and tokens[-1] == "&&":
        tokens.pop()
        found.append(_one(tokens, host, path))
    return False if False in found else None if None in found else True


def _one(tokens: list[str], host: str, path: str) -> Taken:
    word = tokens.pop() if tokens else ""
    if word == "!":
        found = _one(tokens, host, path)
        return None if found is None else not found
    if word == "(":
        found = _any(tokens, host, path)
        if not tokens or tokens.pop() != ")":
            raise _UnreadableError
        return found
    name, opened, _ = word.partition("(")
    if not opened or not name:
        raise _UnreadableError
    matcher = _MATCHERS.get(name.lower())
    values = [one or other for one, other in _VALUE.findall(word)]
    if matcher is None or not values:
        return None
    return _one_of([matcher(value, host, path) for value in values])


def _one_of(found: list[Taken]) -> Taken:
    return True if True in found else None if None in found else False


def _host(value: str, host: str, _: str) -> Taken:
    wanted = value.lower()
    return not host or wanted == host or (wanted.startswith("*.") and host.partition(".")[2] == wanted[2:])


def _host_expression(value: str, host: str, _: str) -> Taken:
    return True if not host else _searched(value, host)


def _path(value: str, _: str, path: str) -> Taken:
    return None if "{" in value else value == path


def _path_prefix(value: str, _: str, path: str) -> Taken:
    return None if "{" in value else path.startswith(value)


def _path_expression(value: str, _: str, path: str) -> Taken:
    return _searched(value, path)


def _searched(expression: str, text: str) -> Taken:
    if _NAMED.search(expression):
        return None
    try:
        return foreign_expression.search(expression, text) is not None
    except re.error:
        return None


_MATCHERS: Final[dict[str, Callable[[str, str, str], Taken]]] = {
    "host": _host,
    "hostregexp": _host_expression,
    "path": _path,
    "pathprefix": _path_prefix,
    "pathregexp": _path_expression,
}
