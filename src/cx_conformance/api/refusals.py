"""From what went wrong with a request to the exception that says so to an engineer."""

import socket
import ssl
from collections.abc import Iterator
from typing import Final

import urllib3.exceptions

from cx_conformance.api.request_path import parse_path
from cx_conformance.objects.admitted import quoted
from cx_conformance.objects.json_fields import text
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NotServed, Unauthorized, Unreachable
from cx_conformance.wire.bounds import NotAskedFor, TooMuch

_NOBODY = 'User "system:anonymous"'
"""https://kubernetes.io/docs/reference/access-authn-authz/authentication/#anonymous-requests; no right that is granted
helps there."""


_EVERYBODYS: Final = ('"system:basic-user" not found', '"system:discovery" not found')
"""What an API server says of roles that every cluster has, and every account, as long as it has not read them: it takes
requests as soon as it has started. Source: https://github.com/kubernetes/kubernetes/pull/101422, and the words of one
that starts in https://github.com/kubernetes/minikube/issues/11966."""


def knows_roles(said: str) -> bool:
    """Whether who said so when it refused has read who may do what; else that is no word about the account."""
    return not any(one in said for one in _EVERYBODYS)


class PageExpired(Unreachable):
    """The rest of a list has expired (410): it has to be read again from its start."""


class TooLarge(Unreachable):
    """The API server answers with more than an answer may have."""


def unusable(server: str, method: str, path: str, error: TooMuch | NotAskedFor) -> Unreachable:
    """Return the exception for an answer that was cut off at its bound, or came in an encoding of its own."""
    kind = TooLarge if isinstance(error, TooMuch) else Unreachable
    return kind(
        f"the API server at {server} gave no usable answer to {method} {path}: {error}; "
        "look at what stands before it, and whether the address is right"
    )


def refused(server: str, method: str, path: str, status: int, said: object) -> CouldNotLook:
    """Return the exception for an answer of ``status``; ``said`` is the body: a Status object, or text."""
    told = text(said, "message") if isinstance(said, dict) else str(said or "")
    message = quoted(told, 500, path.split("/"))
    asked = parse_path(path)
    match status:
        case 401:
            return Unauthorized(
                f"the API server at {server} does not accept the credentials (401 {message or 'Unauthorized'}); "
                "log in again, or choose another user or context in the kubeconfig"
            )
        case 403 if _NOBODY in told:
            return Unauthorized(
                f"the API server at {server} takes the requests for nobody's (403 for system:anonymous): the "
                "kubeconfig's user has no credentials, or a load balancer or proxy ends TLS on the way and keeps the "
                "client certificate to itself; give a token, or the API server's own address"
            )
        case 403 if knows_roles(told):
            return Forbidden(asked.verb(method), asked.resource, asked.namespace, message)
        case 404:
            return NotServed(
                f"the API server at {server} does not serve {path} (404 {message or 'Not Found'}): "
                "the cluster is older than this kind, or lacks the extension that brings it"
            )
        case 410:
            return PageExpired(f"the API server at {server} no longer knows the page of {path} ({message})")
        case _:
            look = "look at its log and its load"
            if status == 403:
                look = (
                    "it knows not even the roles that every cluster has: it starts and has not read them yet, or "
                    "somebody has deleted them (kubectl get clusterrole system:basic-user)"
                )
            return Unreachable(
                f"the API server at {server} answered {status} to {method} {path}: {message or 'no reason given'}; "
                f"{look}"
            )


def no_answer(server: str, error: BaseException, tries: int) -> Unreachable:
    """Return the exception for a request that got no answer: who was asked, what happened, what to do."""
    cause = _root(error)
    tried = f" ({tries} tries)" if tries > 1 else ""
    return Unreachable(f"the API server at {server} gave no answer{tried}: {_reason(error, cause)}")


def is_lasting(error: BaseException) -> bool:
    """Whether trying again cannot help: a certificate that is not trusted, a name that does not exist."""
    cause = _root(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return True
    return isinstance(cause, ssl.SSLError) and "WRONG_VERSION_NUMBER" in str(cause)


# The first entry whose type is that of the error, or of its root cause, says what happened and what to do.
_BY_PROXY = "the proxy refused ({said}); check HTTPS_PROXY, NO_PROXY and proxy-url"
_REASONS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((urllib3.exceptions.ProxyError,), _BY_PROXY),
    (
        (ssl.SSLCertVerificationError,),
        "its certificate is not trusted ({said}); check certificate-authority and server name, and the clock",
    ),
    ((ssl.SSLError,), "TLS failed ({said}); check the server address and the certificates in the kubeconfig"),
    (
        (socket.gaierror, urllib3.exceptions.NameResolutionError),
        "its name cannot be resolved; check the server address in the kubeconfig, DNS and the VPN",
    ),
    (
        (ConnectionRefusedError,),
        "connection refused; check that it runs and that the address and port in the kubeconfig are right",
    ),
    (
        (TimeoutError, urllib3.exceptions.TimeoutError),
        "no answer in time; check the network, the VPN, the firewall and the load of the API server",
    ),
    (
        (ConnectionError, urllib3.exceptions.ProtocolError, urllib3.exceptions.DecodeError),
        "the connection was dropped ({said}); check load balancers and proxies on the way",
    ),
    ((ValueError,), "its answer is no JSON, or breaks off ({said}); check load balancers and proxies on the way"),
    ((BaseException,), "{said}; check the network, the VPN and the kubeconfig"),
)


def _reason(error: BaseException, cause: BaseException) -> str:
    said = getattr(cause, "verify_message", "") or _of_tls(cause) or _one_line(str(cause)) or type(cause).__name__
    words = next(words for types, words in _REASONS if isinstance(error, types) or isinstance(cause, types))
    # PySocks' own errors stand between urllib3's and the operating system's.
    if any(type(step).__module__ == "socks" for step in _steps(error)):
        words = _BY_PROXY
    return words.replace("{said}", said)


def _of_tls(cause: BaseException) -> str:
    """Return OpenSSL's own word for what went wrong, without where in its and Python's source; empty if it is none."""
    reason = getattr(cause, "reason", None) if isinstance(cause, ssl.SSLError) else None  # those of our own have none
    if reason == "WRONG_VERSION_NUMBER":
        return "what answers there speaks no TLS"
    return (reason or "").replace("_", " ").lower()


def _root(error: BaseException) -> BaseException:
    """Follow urllib3's wrapping down to the operating system's or TLS's own error."""
    *_, root = _steps(error)
    return root


def _steps(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it wraps, down to the first."""
    seen: set[int] = set()
    inner: BaseException | None = error
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        yield inner
        inner = (
            inner.__cause__
            or inner.__context__
            or next(
                (item for item in (getattr(inner, "reason", None), *inner.args) if isinstance(item, BaseException)),
                None,
            )
        )


def _one_line(said: str) -> str:
    return quoted(said, 500)
