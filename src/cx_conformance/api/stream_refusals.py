"""What a stream is opened to, and why it is not: by the API server, by the way to the node, or by its kubelet.

An API server that speaks WebSockets with kubelets, or passes them through, refuses with an HTTP status. From Kubernetes
1.30 on an exec is accepted first, then the kubelet is asked, and what it or the way to it says stands in the Status in
which a program's end is told otherwise (KEP-4006, ``StreamTranslatorHandler``):
https://github.com/kubernetes/apiserver/blob/release-1.31/pkg/util/proxy/streamtranslator.go
"""

from __future__ import annotations

import contextlib
import re

from msgspec import Struct

from cx_conformance.api.refusals import knows_roles
from cx_conformance.api.request_path import part
from cx_conformance.objects.admitted import quoted
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NotServed, NoVantage, Unauthorized, Unreachable
from cx_conformance.wire.bounds import TooMuch
from cx_conformance.wire.json_text import parsed

_ON_THE_WAY = re.compile(
    r"unable to upgrade connection: *(.*)|(error dialing backend: .*)|(error sending request: .*)", re.DOTALL
)
_NOT_RUNNING = re.compile(r"container not found|container is not running|container is in CONTAINER_\w+ state")
_KUBELET_FORBIDS = re.compile(r"Forbidden \(user=.*, resource=nodes, subresource=.*")


_ADMISSION = (403, 422)
"""By webhooks the first; by a ValidatingAdmissionPolicy the second, unless it says so of itself:
https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/"""


class StreamTarget(Struct, frozen=True, kw_only=True):
    """What a stream is opened to: ``subresource`` (``exec`` or ``portforward``) of one pod."""

    namespace: str
    pod: str
    subresource: str
    container: str | None = None

    @property
    def path(self) -> str:
        """The path below the API server's address."""
        return f"/api/v1/namespaces/{part(self.namespace)}/pods/{part(self.pod)}/{self.subresource}"

    def __str__(self) -> str:
        """Name the pod and the container in a sentence."""
        inside = f"container {self.container} of " if self.container else ""
        return f"{inside}pod {self.namespace}/{self.pod}"


class NotBegun(Unreachable):
    """A stream that was accepted did not get to the node: nothing was begun there, and it may be opened again."""


def refused(target: StreamTarget, status: int, body: bytes) -> CouldNotLook:
    """Return the exception for an upgrade that was answered with ``status`` and ``body``.

    The texts are those of kube-apiserver and kubelet 1.36: a pending pod has no host assigned (400), a container that
    waits to start or to restart is not found (500), and the kubelet says so in plain text.
    """
    said = _message(body)
    shown = _shown(target, said)
    resource = f"pods/{target.subresource}"
    error: CouldNotLook
    if (of_kubelet := _of_kubelet(target, said)) is not None:
        error = of_kubelet
    elif status == 401:
        error = Unauthorized(f"the API server does not accept the credentials for {resource} ({shown}); renew them")
    elif status == 403 and not knows_roles(body.decode(errors="replace").replace('\\"', '"')):
        error = Unreachable(
            f"the API server could not open {target.subresource} to {target}: it knows not even the roles that every "
            f"cluster has, as long as it starts ({shown})"
        )
    elif status == 403 and (verb := re.search(r"cannot (\w+) resource", said)):
        both = "; from Kubernetes 1.35 on exec needs both get and create" if target.subresource == "exec" else ""
        error = Forbidden(verb[1], resource, target.namespace, shown + both)
    elif status in _ADMISSION:  # or OpenShift's constraints, or a proxy: what is granted changes nothing
        error = NoVantage(
            f"{target.subresource} to {target} is refused (HTTP {status}), not for want of a right to {resource}: "
            f"{shown}"
        )
    elif status == 404 and "not found" in said and "pods" in said:
        error = NoVantage(f"pod {target.namespace}/{target.pod} is gone; look again, it may have been replaced")
    elif status == 404:
        error = NotServed(f"the API server has no {resource} at {target.path} ({shown})")
    elif "does not have a host assigned" in said:
        error = NoVantage(f"{target} is pending: no node runs it yet, so there is nothing to look from")
    elif status == 400:
        error = NoVantage(f"the API server does not open {target.subresource} to {target}: {shown}")
    else:
        error = Unreachable(f"the API server could not open {target.subresource} to {target} (HTTP {status}): {shown}")
    return error


def refused_within(target: StreamTarget, said: str) -> CouldNotLook | None:
    """Return the exception for the Status of an exec that was accepted and did not get to the container.

    None for one that did, whatever came of it there.
    """
    on_the_way = _ON_THE_WAY.search(said)
    if on_the_way is None:
        return None
    reason = next(each for each in on_the_way.groups() if each is not None)
    words = f"the API server could not open {target.subresource} to {target}: {_shown(target, reason)}"
    if reason.strip() == "Unauthorized":
        return _kubelet_refuses(target, "Unauthorized")
    return _of_kubelet(target, reason.strip()) or NotBegun(words)


def _of_kubelet(target: StreamTarget, said: str) -> CouldNotLook | None:
    if _NOT_RUNNING.search(said):
        return NoVantage(f"{target} is not running: it waits to start or to restart; see the state of the pod")
    if said == "pod does not exist":
        return NoVantage(
            f"the node's kubelet does not know pod {target.namespace}/{target.pod}: it was replaced, or the kubelet "
            "has only just started; look again"
        )
    return _kubelet_refuses(target, said) if _KUBELET_FORBIDS.fullmatch(said) else None


def _kubelet_refuses(target: StreamTarget, said: str) -> Unreachable:
    """Return that the API server's own account is refused; the one who asks it can do nothing about that."""
    return Unreachable(
        f"the node's kubelet does not let the API server open {target.subresource} to {target} "
        f"({_shown(target, said)}); look at the API server's client certificate for kubelets, and at what is granted "
        "to its user (ClusterRole system:kubelet-api-admin)"
    )


def _shown(target: StreamTarget, said: str) -> str:
    return quoted(said, 300, (target.namespace, target.pod, target.container or ""))


def _message(body: bytes) -> str:
    """Return the text of a Status, or of an answer that is none, in one short line."""
    text = body[:4096].decode(errors="replace")
    with contextlib.suppress(ValueError, TooMuch):
        status = parsed(body[:4096])
        if isinstance(status, dict) and isinstance(status.get("message"), str):
            text = status["message"]
    return " ".join(text.split())[:300] or "no reason given"
