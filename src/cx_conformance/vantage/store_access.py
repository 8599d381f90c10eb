"""As whom the components log in to a store, and which certificates they hold: read by reference, when it is asked."""

from contextlib import suppress

from msgspec import Struct
from pydantic import SecretStr

from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.store import Login, Reference, Store, StoreTls
from cx_conformance.cluster.references import NoSuchValue, References
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import keyed
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes.stores.target import Credentials, TlsExpectation
from cx_conformance.vantage.copies import copies_of


class Account(Struct, frozen=True):
    """As whom a store is logged in to: credentials, or why there are none."""

    credentials: Credentials | None = None
    missing: str | None = None
    """Why nobody logs in: nothing is promised, or nothing is there."""
    unread: CouldNotLook | None = None
    """What kept the run from reading them."""
    note: str | None = None
    """Where they come from, where that is not the documented place."""


class StoreAccess:
    """Reads what references name."""

    def __init__(self, references: References) -> None:
        """Read by ``references``, which remember what is secret."""
        self._references = references

    def account(self, seen: Seen, entry: Entry[Store], login: Login | None, *, of_site: bool) -> Account:
        """Return the account; raises NoVantage where what the site itself names is not there.

        Where what charts name does not exist, what the components are told counts: charts take existing Secrets.
        """
        if login is None or (login.password is None and login.username_from is None):
            return Account(missing="no credentials are promised")
        namespace = seen.namespace_of(entry.planned)
        try:
            return Account(self._given(entry.of, login, namespace))
        except CouldNotLook as reason:
            return Account(unread=reason)
        except NoSuchValue as missing:
            if of_site:
                raise NoVantage(f"the credentials of the site file are not there: {missing}") from None
            try:
                told = self._as_told(seen, entry, login)
            except CouldNotLook as reason:
                return Account(unread=reason)
            return told or Account(missing=f"no credentials are known: {missing}")

    def tls(self, promised: StoreTls | None, namespace: str, *, check_hostname: bool = True) -> TlsExpectation:
        """Return TLS as the components do it; without a known CA the system's own authorities count."""
        if promised is None:
            return TlsExpectation(check_hostname=check_hostname)
        certificate = self._text(promised.client_certificate, namespace)
        key = promised.client_key or promised.client_certificate
        return TlsExpectation(
            ca_pem=self._text(promised.ca, namespace),
            certificate_pem=certificate,
            key_pem=self._references.value(key, namespace) if certificate and key else None,
            check_hostname=check_hostname,
        )

    def lacking_ca(self, promised: StoreTls | None, namespace: str) -> str:
        """Say why the CA of a store's certificate is not known."""
        if promised is None or promised.ca is None:
            return "no CA is promised"
        try:
            self._references.value(promised.ca, namespace, public=True)
        except (NoSuchValue, CouldNotLook) as missing:
            return str(missing)
        return "its CA is empty"

    def login(self, store: Store, login: Login, namespace: str) -> Credentials | None:
        """Return what a login names; None where it is not there, or may not be read."""
        try:
            return self._given(store, login, namespace)
        except (NoSuchValue, CouldNotLook):
            return None

    def _given(self, store: Store, login: Login, namespace: str) -> Credentials:
        username = login.username
        if username is None and login.username_from is not None:
            username = self._value(store, login.username_from, namespace, public=True).get_secret_value()
        password = self._value(store, login.password, namespace) if login.password else None
        return Credentials(username=username, password=password, database=login.database)

    def _value(self, store: Store, reference: Reference, namespace: str, *, public: bool = False) -> SecretStr:
        """Return the value, from a ConfigMap under any of its documented names; raises NoSuchValue, CouldNotLook."""
        try:
            return self._references.value(reference, namespace, public=public)
        except NoSuchValue:
            for settings in store.settings if reference.config_map else ():
                for alias in settings.aliases if settings.config_map == reference.config_map else ():
                    with suppress(NoSuchValue):
                        other = reference.model_copy(update={"config_map": alias})
                        return self._references.value(other, namespace, public=public)
            raise

    def _as_told(self, seen: Seen, entry: Entry[Store], login: Login) -> Account | None:
        """Return the first account that components are told as a whole; None where they are told none."""
        for settings in entry.of.settings:
            for copy in copies_of(seen, entry, settings):
                try:
                    password = self._references.value(copy.place, copy.namespace)
                except NoSuchValue:
                    continue  # a Secret that is taken wholly need not hold it
                if any(sign in password.get_secret_value() for sign in ("$(", "${", "{{")):
                    continue
                names = [
                    Reference(config_map=one.config_map.name, key=one.key, namespace=one.config_map.namespace)
                    for one in (keyed(seen, settings, settings.username) if settings.username else ())
                    if one.config_map.namespace == copy.namespace and not one.is_template
                ]
                username = login.username
                if names:
                    username = self._references.value(names[0], copy.namespace, public=True).get_secret_value()
                credentials = Credentials(username=username, password=password, database=login.database)
                return Account(credentials, note=f"logged in with {copy.where}, as the components do")
        return None

    def _text(self, reference: Reference | None, namespace: str) -> str | None:
        try:
            value = self._references.value(reference, namespace, public=True) if reference else None
        except (NoSuchValue, CouldNotLook):
            return None
        return value.get_secret_value() or None if value else None
