"""What of an object may be handed to others: what is named here, and nothing else.

Names, states, images, ports and quantities are; of settings (ConfigMaps, variables, arguments, annotations) only their
keys, and a mark that is the same for the same value within one pack. Of sentences that somebody else wrote only words
are, numbers, and what the objects themselves are called.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cx_conformance.objects.json_fields import Json
from cx_conformance.objects.secrecy import looks_secret

# Fields whose texts are names, kinds, states, places in the cluster, or quantities, wherever they stand in an object.
_FIELDS: Final = frozenset(
    [
        "accessModes",
        "addressType",
        "addresses",
        "apiGroup",
        "apiVersion",
        "clusterIP",
        "clusterIPs",
        "completionMode",
        "concurrencyPolicy",
        "configMapName",
        "containerPort",
        "cpu",
        "creationTimestamp",
        "deletionTimestamp",
        "dnsPolicy",
        "effect",
        "ephemeral-storage",
        "except",
        "externalTrafficPolicy",
        "fieldPath",
        "finishedAt",
        "firstTimestamp",
        "generateName",
        "hostIP",
        "hostname",
        "host",
        "hosts",
        "image",
        "imageID",
        "imagePullPolicy",
        "ingressClassName",
        "internalTrafficPolicy",
        "ip",
        "ipFamilies",
        "ipFamilyPolicy",
        "ips",
        "key",
        "kind",
        "kinds",
        "lastProbeTime",
        "lastTimestamp",
        "lastTransitionTime",
        "lastUpdateTime",
        "medium",
        "memory",
        "mode",
        "name",
        "namespace",
        "nodeName",
        "nominatedNodeName",
        "operator",
        "pathType",
        "persistentVolumeReclaimPolicy",
        "phase",
        "podIP",
        "podIPs",
        "podManagementPolicy",
        "policyTypes",
        "port",
        "ports",
        "preemptionPolicy",
        "priorityClassName",
        "protocol",
        "qosClass",
        "reason",
        "resourceVersion",
        "restartPolicy",
        "runtimeClassName",
        "schedulerName",
        "scheme",
        "secretName",
        "serviceAccount",
        "serviceAccountName",
        "serviceName",
        "sessionAffinity",
        "startTime",
        "startedAt",
        "status",
        "storage",
        "storageClassName",
        "targetPort",
        "terminationMessagePolicy",
        "topologyKey",
        "type",
        "uid",
        "verbs",
        "volumeMode",
        "volumeName",
        "whenDeleted",
        "whenScaled",
        "whenUnsatisfiable",
        "zone",
        "cidr",
        "appProtocol",
        "state",
    ]
)
_PATHS: Final = ("path", "mountPath", "subPath")
_USUAL_LABELS: Final = ("app", "component", "ef", "pod-template-hash", "release", "role", "service", "team", "tier")
_SETTINGS: Final = ("data", "stringData", "annotations", "binaryData", "options", "volumeAttributes", "parameters")
_LABELS: Final = ("labels", "matchLabels", "selector", "nodeSelector")
_LEFT_OUT: Final = ("managedFields",)
_FORM: Final = re.compile(r"[A-Za-z0-9*/._\[\]-][A-Za-z0-9*/._:\[\]+-]{0,252}(?:@sha256:[0-9a-f]{64})?")
_LABEL: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
_HARMLESS: Final = re.compile(
    r"\d{1,5}|true|false|yes|no|on|off|enabled|disabled|"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}(?:svc|svc\.cluster\.local|local)(?::\d{1,5})?",
    re.IGNORECASE,
)
"""A number, a switch, the name of a Service in the cluster."""
_WORD: Final = re.compile(
    r"[A-Z]?[a-z]{1,20}|[A-Z]{1,6}|(?:[A-Z][a-z]{2,14}){2,5}|[A-Z]{2,5}(?:[A-Z][a-z]{2,14}){1,3}"
    r"|[a-z]{2,14}(?:[A-Z][a-z]{2,14}){1,4}"
)
_NUMBER: Final = re.compile(r"[+-]?\d{1,10}(?:\.\d{1,3}){0,3}(?:%|[a-zA-Z]{1,2})?(?::\d{1,5})?")
_PARTS: Final = re.compile(r"([^A-Za-z0-9.:/@%+_-]+)")
_GLUE: Final = frozenset({"not", "is", "was", "has", "for", "of", "in", "to", "the", "does", "could", "cannot", "and"})
_ACCOUNT: Final = re.compile(r"system:serviceaccount:[a-z0-9-]{1,63}:[a-z0-9.-]{1,253}")
_ASKED: Final = frozenset(
    {"-p", "-u", "-a", "-w", "pass", "auth", "user", "login", "identified", "by", "bearer", "basic"}
)
"""After such a word a plain one may be a password too."""


def quoted(said: str | bytes, most: int = 200, known: Iterable[str] = ()) -> str:
    """Return the beginning of what somebody else said as a message may quote it: no word of it may be a secret.

    ``known`` are names that were asked about, and are shown, as service accounts are.
    """
    text = said[: 16 * most].decode(errors="replace") if isinstance(said, bytes) else said[: 16 * most]
    shown = Admission((*known, *_ACCOUNT.findall(text))).sentence(text)
    return shown if len(shown) <= most else f"{shown[:most]}..."


class Admission:
    """Decides for one pack; the marks of values are by a key that nobody keeps, so that none can be guessed."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Make the key; ``known`` are names that may be shown."""
        self._key = secrets.token_bytes(32)
        self._known: set[str] = set(known)

    def admitted(self, source: Json, subjects: Iterable[str] = ()) -> Json:
        """Return what may be handed on of an object; ``subjects`` are settings that a broken promise is about."""
        return self._mapping(source, frozenset(subjects))

    def mark(self, value: object) -> str:
        """Return what stands in the place of a value: the same for the same one."""
        text = str(value)
        digest = hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]
        return f"(left out: {len(text)} characters, {digest})"

    def setting(self, key: str, value: object, subjects: frozenset[str]) -> Any:
        """Return a setting's value where a broken promise is about it and its form is harmless; else its mark."""
        text = str(value)
        if not text:
            return ""
        if key in subjects and not looks_secret(key) and _HARMLESS.fullmatch(text):
            return text
        return self.mark(value)

    def sentence(self, said: str) -> str:
        """Return what somebody said, on one line, without any word that may be a secret."""
        shown: list[str] = []
        wary = False
        for number, part in enumerate(_PARTS.split(said[:4000])):
            if number % 2:
                shown.append(re.sub(r"\s+", " ", part))
                continue
            told = self._told(part, wary=wary)
            shown.append(told)
            if part:
                plain = part.strip("-:=").lower()
                wary = bool(_ASKED.intersection((plain, part.lower()))) or looks_secret(plain)
        return "".join(shown).strip()

    def _told(self, part: str, *, wary: bool) -> str:
        core = part.strip(".:/-+")
        if not core or core in self._known or core in _GLUE:
            return part
        if not wary and (_WORD.fullmatch(core) or _NUMBER.fullmatch(core)):
            return part
        return part if not wary and self._plain(part) else "(...)"

    def _plain(self, text: str) -> bool:
        """Whether a text is words, numbers and known names, parted as in a path, a host name or a class."""
        pieces = [one for one in re.split(r"[._:/-]", text) if one]
        return all(one in self._known or _WORD.fullmatch(one) or _NUMBER.fullmatch(one) for one in pieces)

    def _mapping(self, source: Mapping[str, Any], subjects: frozenset[str]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        named = source.get("name")
        for key, value in source.items():
            if key in _LEFT_OUT:
                continue
            if key in _SETTINGS and isinstance(value, Mapping):
                shown[key] = {str(name): self.setting(str(name), one, subjects) for name, one in value.items()}
            elif key in _LABELS and isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values()):
                shown[key] = {name: self._label(name, one) for name, one in value.items()}
            elif key == "value" and isinstance(named, str):
                shown[key] = self.setting(named, value, subjects)
            else:
                shown[str(key)] = self._value(str(key), value, subjects)
        return shown

    def _value(self, key: str, value: Any, subjects: frozenset[str]) -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value, subjects)
        if isinstance(value, list):
            return [self._value(key, one, subjects) for one in value]
        return self._text(key, value) if isinstance(value, str) else value

    def _text(self, key: str, value: str) -> str:
        if key == "message":
            return self.sentence(value)
        if key in _PATHS and self._plain(value):
            return value
        if key in _FIELDS and _FORM.fullmatch(value) and "://" not in value:
            return self._shown(value)
        return self.mark(value) if value else ""

    def _label(self, key: str, value: str) -> str:
        usual = key in _USUAL_LABELS or key.partition("/")[0].endswith(".io")
        if _LABEL.fullmatch(value) and (usual or self._plain(value)):
            return self._shown(value)
        return self.mark(value)

    def _shown(self, value: str) -> str:
        self._known.add(value)
        self._known.update(one for one in re.split(r"[/:@]", value) if one)
        return value
