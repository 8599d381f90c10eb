"""What the components hold of a store's account and certificates, beside what the store itself is given.

Values are compared as keyed hashes; neither a value nor its hash leaves this module.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import suppress

from msgspec import Struct, field

from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.site import Credentials
from cx_conformance.blueprint.store import Reference, Settings, Store
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.references import NoSuchValue, References
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import keyed
from cx_conformance.objects.certificate import Certificate, fingerprints
from cx_conformance.objects.pod_spec import PodSpec
from cx_conformance.outcome.check import NotApplicable


class Copy(Struct, frozen=True, kw_only=True):
    """One place from which components take a store's password."""

    place: Reference
    namespace: str
    readers: tuple[str, ...]

    @property
    def where(self) -> str:
        """The place as messages name it."""
        return self.place.words(self.namespace)


class Compared(Struct):
    """How the copies of a password compare with the store's own; places and never values."""

    own: str
    """Where the store's own password is."""
    equal: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    """Sentences that name the place and who reads it."""
    of_others: list[str] = field(default_factory=list)
    """Places that belong to another account."""
    in_clear: list[str] = field(default_factory=list)
    """Those of the places that are ConfigMaps."""


class HeldCertificates(Struct, frozen=True, kw_only=True):
    """What one Secret holds: the certificate that a server would present, and those of the CA, by fingerprint."""

    where: str
    authorities: frozenset[str]
    own: Certificate | None


class StoreCopies:
    """Compares; reads single Secrets and ConfigMaps by name, and none before it is asked."""

    def __init__(self, seen: Seen, references: References) -> None:
        """Look for copies in what the pods of ``seen`` refer to."""
        self._seen = seen
        self._references = references
        self._key = secrets.token_bytes(32)

    def passwords(self, entry: Entry[Store]) -> Compared:
        """Compare every copy of the store's password with its own.

        Raises NotApplicable where there is nothing to compare, CouldNotLook when a value may not be read.
        """
        given = self._seen.plan.site.credentials.get(entry.component, Credentials())
        login = given.login or entry.of.login
        if login is None or login.password is None:
            raise NotApplicable("no password is promised")
        namespace = self._seen.namespace_of(entry.planned)
        compared = Compared(own=login.password.words(namespace))
        try:
            own = self._references.value(login.password, namespace).get_secret_value()
            username = login.username
            if login.username_from is not None:
                username = self._references.value(login.username_from, namespace, public=True).get_secret_value()
        except NoSuchValue as missing:
            raise NotApplicable(f"the store's own password is not known: {missing}") from None
        for settings in entry.of.settings:
            for copy in copies_of(self._seen, entry, settings):
                if copy.place.words(copy.namespace) == compared.own:
                    continue
                self._compare(copy, own, compared, other=self._is_of_another(settings, copy, username))
        if not (compared.equal or compared.different or compared.of_others):
            raise NotApplicable("no component is seen to read a copy of this password")
        return compared

    def certificates(self, entry: Entry[Store]) -> tuple[HeldCertificates, tuple[HeldCertificates, ...]]:
        """Return what the store's own Secret holds, and its copies that pods of other namespaces mount.

        Raises NotApplicable where there is no such Secret, CouldNotLook when it may not be read.
        """
        given = self._seen.plan.site.credentials.get(entry.component, Credentials())
        tls = given.tls or entry.of.tls
        if tls is None or tls.ca is None or not tls.ca.secret:
            raise NotApplicable("no Secret with its CA is promised")
        name, home = tls.ca.secret, tls.ca.namespace or self._seen.namespace_of(entry.planned)
        own = self._held(tls.ca, home)
        if not own.authorities:
            raise NotApplicable(f"Secret {home}/{name} holds no CA under {tls.ca.key}")
        mounting: set[str] = set()
        for planned in self._seen.plan.components.values():
            with suppress(Absent):
                live = self._seen.workload(planned).object
                names = {one.name for one in live.template.spec.references() if one.kind == "Secret"}
                mounting |= {live.namespace} if name in names else set()
        copies = (self._held(tls.ca, namespace) for namespace in sorted(mounting - {home}))
        return own, tuple(one for one in copies if one.authorities or one.own)

    def _held(self, authority: Reference, namespace: str) -> HeldCertificates:
        secret = authority.secret
        leaf = self._value(Reference(secret=secret, key="tls.crt"), namespace, public=True)
        authorities = self._value(Reference(secret=secret, key=authority.key), namespace, public=True)
        return HeldCertificates(
            where=f"Secret {namespace}/{secret}",
            authorities=fingerprints(authorities.encode()),
            own=Certificate.read(leaf.encode()),
        )

    def _is_of_another(self, settings: Settings, copy: Copy, username: str | None) -> bool:
        """Tell whether the components of that namespace are told to log in as somebody else."""
        if settings.username is None or username is None:
            return False
        return any(
            not self._same(
                self._value(Reference(config_map=one.config_map.name, key=one.key), copy.namespace, public=True),
                username,
            )
            for one in keyed(self._seen, settings, settings.username)
            if one.config_map.namespace == copy.namespace
        )

    def _compare(self, copy: Copy, own: str, compared: Compared, *, other: bool) -> None:
        held = self._value(copy.place, copy.namespace)
        if not held:
            return
        if copy.place.config_map:
            compared.in_clear.append(copy.where)
        if other or "$(" in held or "${" in held or "{{" in held:
            compared.of_others.append(copy.where)
        elif self._same(held, own):
            compared.equal.append(copy.where)
        else:
            blanks = " (only by white space at its ends)" if self._same(held.strip(), own.strip()) else ""
            few = ", ".join(copy.readers[:3]) + (" and others" if len(copy.readers) > 3 else "")
            compared.different.append(f"{copy.where} differs from {compared.own}{blanks}; it is read by {few}")

    def _value(self, place: Reference, namespace: str, *, public: bool = False) -> str:
        """Return the value, empty where there is none."""
        try:
            return self._references.value(place, namespace, public=public).get_secret_value()
        except NoSuchValue:
            return ""

    def _same(self, one: str, other: str) -> bool:
        return hmac.compare_digest(self._hashed(one), self._hashed(other))

    def _hashed(self, value: str) -> bytes:
        return hmac.new(self._key, value.encode(), hashlib.sha256).digest()


def copies_of(seen: Seen, entry: Entry[Store], settings: Settings) -> Iterator[Copy]:
    """Yield the places from which components take the store's password; raises CouldNotLook."""
    key = settings.password
    if key is None:
        return
    for one in keyed(seen, settings, key):
        place = Reference(config_map=one.config_map.name, key=key)
        yield Copy(place=place, namespace=one.config_map.namespace, readers=one.readers)
    for (namespace, name, held_as), readers in _secrets(seen, entry, key).items():
        yield Copy(place=Reference(secret=name, key=held_as), namespace=namespace, readers=tuple(readers))


def _secrets(seen: Seen, entry: Entry[Store], key: str) -> dict[tuple[str, str, str], list[str]]:
    """Return who takes a variable named ``key`` from which Secret: namespace, name, key."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for planned in seen.plan.components.values():
        if planned.id == entry.component:
            continue
        try:
            live = seen.workload(planned).object
        except Absent:
            continue
        for name, held_as in _secret_keys(live.template.spec, key):
            found.setdefault((live.namespace, name, held_as), []).append(planned.id)
    return found


def _secret_keys(spec: PodSpec, key: str) -> Iterator[tuple[str, str]]:
    """Yield name and key of the Secrets from which a container's variable ``key`` may come."""
    for container in (*spec.init_containers, *spec.containers):
        own = [one for one in container.env if one.name == key]
        for one in own:
            if one.reference is not None and one.reference.kind == "Secret" and one.reference.key:
                yield one.reference.name, one.reference.key
        if not own:
            yield from ((one.name, key) for one in container.env_from if one.kind == "Secret")
