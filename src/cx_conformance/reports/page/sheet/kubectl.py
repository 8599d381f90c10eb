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
_KEYS: Final = "go-template={{range $key, $value := .data}}{{println $key}}{{end}}"
_NAME: Final = r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?"
_OBJECT: Final = re.compile(
    rf"(?<![\w/])(?:({'|'.join(sorted(_CONTAINERS | _VALUES | _PLAIN))}|pod) ({_NAME})/({_NAME})"
    rf"|({'|'.join(sorted(_OF_THE_CLUSTER))}) ({_NAME}))(?![\w/])"
)


def command(outcome: Outcome, context: str = "") -> str:
    """Return the command for the object that ``outcome`` names as its cause, else as its own; empty: it names none."""
    found = next((match for text in _told(outcome) if (match := _OBJECT.search(text))), None)
    if found is None:
        return ""
    kind, namespace, name, of_cluster, its_name = found.groups()
    start = ["kubectl", *(["--context", context] if context else [])]
    if of_cluster:
        return shlex.join([*start, "describe", of_cluster.lower(), its_name])
    kind, start = kind.capitalize() if kind == "pod" else kind, [*start, "-n", namespace]
    if kind in _VALUES:
        return shlex.join([*start, "get", kind.lower(), name, "-o", _KEYS])
    if kind in _CONTAINERS:
        state = [*start, "get", kind.lower(), name, "-o", "wide"]
        events = [*start, "events", "--for", f"{kind.lower()}/{name}"]
        return f"{shlex.join(state)}; {shlex.join(events)}"
    return shlex.join([*start, "describe", kind.lower(), name])


def _told(outcome: Outcome) -> Iterator[str]:
    yield from outcome.causes
    yield from (str(outcome.evidence[key]) for key in ("object", "service") if key in outcome.evidence)
    yield outcome.message
