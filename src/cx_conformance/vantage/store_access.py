"""As whom the components log in to a store, and which certificates they hold: read by reference, when it is asked."""

from cx_conformance.blueprint.store import Login, Reference, StoreTls
from cx_conformance.cluster.references import NoSuchValue, References
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.probes.stores.target import Credentials, TlsExpectation


class StoreAccess:
    """Reads what references name; raises CouldNotLook where the account of the run may not."""

    def __init__(self, references: References) -> None:
        """Read by ``references``, which remember what is secret."""
        self._references = references

    def credentials(
        self, login: Login | None, namespace: str, *, of_site: bool
    ) -> tuple[Credentials | None, str | None]:
        """Return the credentials, or why there are none.

        What the site itself names must be there; of what charts name, an older installation may have nothing.
        """
        if login is None or (login.password is None and login.username_from is None):
            return None, "no credentials are promised"
        try:
            username = login.username
            if username is None and login.username_from is not None:
                username = self._references.value(login.username_from, namespace).get_secret_value()
            password = self._references.value(login.password, namespace) if login.password else None
        except NoSuchValue as missing:
            if of_site:
                raise NoVantage(f"the credentials of the site file are not there: {missing}") from None
            return None, f"no credentials are known: {missing}"
        return Credentials(username=username, password=password, database=login.database), None

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
            self._references.value(promised.ca, namespace)
        except NoSuchValue as missing:
            return str(missing)
        return "its CA is empty"

    def _text(self, reference: Reference | None, namespace: str) -> str | None:
        try:
            return self._references.value(reference, namespace).get_secret_value() or None if reference else None
        except NoSuchValue:
            return None
