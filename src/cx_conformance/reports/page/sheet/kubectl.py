"""The command that shows the object a cause is about: to be run by hand, and its output may go into a ticket.

It never shows what may be a secret: of Secrets and ConfigMaps there are the keys, and of what has containers the state
and the Events, for ``kubectl describe`` prints the values of variables.
"""

import re
import shlex
from collections.abc import Iterator
from typing import Final

from cx_conformance.outcome.outcome import Outcome

_CONTAINERS: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"})
_VALUES: Final = frozenset({"ConfigMap", "Secret"})
_PLAIN: Final = frozenset(
    {"Service", "Ingress", "PersistentVolumeClaim", "NetworkPolicy", "ServiceAccount", "ResourceQuota", "LimitRange"}
)
_OF_THE_CLUSTER: Final = frozenset({"Namespace", "Node", "StorageClass", "PersistentVolume", "IngressClass"})
_ALSO: Final = {"pod": "Pod", "claim": "PersistentVolumeClaim"}
"""What messages call them."""
_KEYS: Final = "go-template={{range $key, $value := .data}}{{println $key}}{{end}}"
_NAME: Final = r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?"
_OBJECT: Final = re.compile(
    rf"(?<![\w/])(?:({'|'.join(sorted({*_CONTAINERS, *_VALUES, *_PLAIN, *_ALSO}))}) ({_NAME})/({_NAME})"
    rf"|(?<!no )({'|'.join(sorted(_OF_THE_CLUSTER))}) ({_NAME}))(?![\w/])"
)
_RELEASE: Final = re.compile(rf"release ({_NAME}) in ({_NAME}): ")


def command(outcome: Outcome, context: str = "") -> str:
    """Return the command for the object that ``outcome`` names as its cause, else as its own; empty: it names none."""
    if release := _RELEASE.match(outcome.message):
        name, namespace = release.groups()
        return shlex.join(["helm", *(["--kube-context", context] if context else []), "-n", namespace, "history", name])
    found = next((match for text in _told(outcome) if (match := _OBJECT.search(text))), None)
    if found is None:
        return ""
    kind, namespace, name, of_cluster, its_name = found.groups()
    start = ["kubectl", *(["--context", context] if context else [])]
    if of_cluster:
        return shlex.join([*start, "describe", of_cluster.lower(), its_name])
    kind, start = _ALSO.get(kind, kind), [*start, "-n", namespace]
    if kind in _VALUES:
        return shlex.join([*start, "get", kind.lower(), name, "-o", _KEYS])
    if kind in _CONTAINERS:
        state = [*start, "get", kind.lower(), name, "-o", "wide"]
        # `kubectl events` came with 1.26 only (kubernetes/kubernetes#113819).
        events = [*start, "get", "events", "--field-selector", f"involvedObject.kind={kind},involvedObject.name={name}"]
        return f"{shlex.join(state)}; {shlex.join(events)}"
    return shlex.join([*start, "describe", kind.lower(), name])


def _told(outcome: Outcome) -> Iterator[str]:
    yield from outcome.causes
    if outcome.message.startswith("claim "):
        yield outcome.message  # its Events say why it is not bound, those of the workload do not
    yield from (str(outcome.evidence[key]) for key in ("object", "service") if key in outcome.evidence)
    yield outcome.message
