"""The platform as a person meets it: one login through the entrance, and the pages that people open."""

from typing import Final

from cx_conformance.blueprint.component import Ingress
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.user_login import UserLogin
from cx_conformance.cluster.agreed_host import no_host
from cx_conformance.cluster.references import NoSuchValue, References
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.check import NotApplicable
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.probes.page import PageObservation, open_page
from cx_conformance.probes.sign_in import Person, SignIn, sign_in
from cx_conformance.vantage.entrance import Entrance, asked_path
from cx_conformance.vantage.one_attempt import OneAttempt
from cx_conformance.vantage.pool import Pending, ProbePool

_USUAL_ROOT: Final = "/auth"
"""Where Keycloak is reached where no path is promised for it: its own default before version 17."""
_NOT_WANTED: Final = "nobody logs in as a person in this run (--no-login)"


class LoginProbes:
    """What came of the site's one login, and of the pages beside it."""

    def __init__(
        self, seen: Seen, entrance: Entrance, references: References, pool: ProbePool, attempt: OneAttempt | None
    ) -> None:
        """Log in through ``entrance`` by what ``references`` read; ``attempt`` None: nobody logs in."""
        self._seen = seen
        self._entrance = entrance
        self._references = references
        self._pool = pool
        self._attempt = attempt
        self._login: Pending[SignIn] | None = None
        self._pages: dict[str, Pending[PageObservation]] = {}

    def start(self, entry: Entry[UserLogin]) -> None:
        """Log in, where that is wanted and a host name is known."""
        if self._attempt is not None and self._seen.host_of(entry.planned):
            self._pending_login(entry, self._attempt)

    def start_page(self, entry: Entry[Ingress]) -> None:
        """Open a page, where that is wanted and a host name is known."""
        if self._attempt is not None and self._seen.host_of(entry.planned) and entry.of.over_tls:
            self._pending_page(entry)

    def of(self, entry: Entry[UserLogin]) -> SignIn:
        """Return what came of the login; raises NotApplicable, CouldNotLook."""
        if self._attempt is None:
            raise NotApplicable(_NOT_WANTED)
        if not self._seen.host_of(entry.planned):
            raise NotApplicable(no_host(self._seen.agreed_host))
        return self._pending_login(entry, self._attempt).result()

    def page(self, entry: Entry[Ingress]) -> PageObservation:
        """Return what came of a page; raises NotApplicable, CouldNotLook."""
        if self._attempt is None:
            raise NotApplicable(_NOT_WANTED)
        if not entry.of.over_tls:
            raise NotApplicable(f"{entry.of.url} is promised, without TLS; it is not asked from outside")
        if not self._seen.host_of(entry.planned):
            raise NotApplicable(no_host(self._seen.agreed_host))
        return self._pending_page(entry).result()

    def _pending_login(self, entry: Entry[UserLogin], attempt: OneAttempt) -> Pending[SignIn]:
        if self._login is None:
            self._login = self._pool.submit(self._sign_in, entry, attempt)
        return self._login

    def _pending_page(self, entry: Entry[Ingress]) -> Pending[PageObservation]:
        if entry.component not in self._pages:
            point = self._entrance.to(self._seen.host_of(entry.planned) or "")
            self._pages[entry.component] = self._pool.submit(open_page, point, asked_path(self._seen, entry))
        return self._pages[entry.component]

    def _sign_in(self, entry: Entry[UserLogin], attempt: OneAttempt) -> SignIn:
        person = self._person(entry)  # what cannot be read is no attempt
        point = self._entrance.to(self._seen.host_of(entry.planned) or "")
        return attempt.ask(lambda: sign_in(point, person, self._references.read.append))

    def _person(self, entry: Entry[UserLogin]) -> Person:
        """Return who logs in; raises NoVantage where what the site file names is not there, CouldNotLook."""
        login, facts, read = entry.of, entry.planned.facts, self._references.value
        try:
            named = read(login.username_from, "", public=True).get_secret_value() if login.username_from else None
            return Person(
                username=login.username or named or "",
                password=read(login.password, ""),
                client=login.client,
                client_secret=read(login.client_secret, "") if login.client_secret else None,
                realm=login.realm or (facts.store.realm if facts.store else None) or "master",
                root=facts.ingress.path if facts.ingress else _USUAL_ROOT,
            )
        except NoSuchValue as missing:
            raise NoVantage(f"the login of the site file cannot be read: {missing}") from None
