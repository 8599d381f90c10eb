"""Stores: asked in their own protocol by their real client, through to the login.

The file is long because an area is one file: whoever asks what is checked of a store reads it in one place.
"""

import datetime as dt
from typing import Final

from msgspec.structs import replace

from cx_conformance.blueprint.component import ServicePort
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.promise import Severity, Source
from cx_conformance.blueprint.store import Store
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import told
from cx_conformance.outcome.check import NotApplicable, check
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Evidence
from cx_conformance.probes.stores.observation import Finding
from cx_conformance.probes.stores.trouble import UNANSWERED, Kind
from cx_conformance.vantage.copies import StoreCopies
from cx_conformance.vantage.logins import StoreProbes
from cx_conformance.vantage.store_asked import StoreAsked

WARN_DAYS: Final = 30
"""A certificate that ends within so many days is noted."""


def _told(asked: StoreAsked, finding: Finding, evidence: Evidence) -> None:
    """Put a finding into the evidence; raise what it amounts to."""
    seen = asked.observation
    evidence.vantage, evidence.tries, evidence.seen_at = asked.vantage, seen.tries, f"{seen.address} in pod {asked.pod}"
    evidence.found = finding.words
    evidence.details |= {"version": seen.version, "ms": round(seen.milliseconds, 1), "tls": asked.secure}
    evidence.details |= {f"saw {name}": value for name, value in finding.detail.items()}
    if finding.ok is None:
        if asked.login_unread:
            raise CouldNotLook(asked.login_unread)
        if finding.kind is Kind.UNAUTHORIZED:
            raise NotApplicable(finding.words)
        if finding.kind in UNANSWERED or asked.without_login is None:
            raise CouldNotLook(finding.words)
        raise NotApplicable(asked.without_login)
    assert finding.ok, finding.words


@check(
    "CX801",
    "Store reachable",
    severity=Severity.CRITICAL,
    remedy="kubectl logs the store's pod; nothing accepts on its port",
    rests_on=("CX101", "CX103", "CX104", "CX201", "CX203"),
    follows=("CX603",),
)
def check_reachable(store: Entry[Store], store_probes: StoreProbes, evidence: Evidence) -> None:
    """The store accepts a connection on its port."""
    evidence.promised = f"accepts on {store.of.port}"
    asked = store_probes.of(store)
    _told(asked, asked.observation.reachable, evidence)


@check(
    "CX802",
    "Store speaks its protocol",
    severity=Severity.CRITICAL,
    remedy="look at what listens on the port: another server, a proxy, or one that waits for TLS",
    rests_on=("CX801", "CX806"),
)
def check_speaks(store: Entry[Store], store_probes: StoreProbes, evidence: Evidence) -> None:
    """The store answers in its own protocol, over TLS where that is how it is asked."""
    evidence.promised = f"speaks {store.of.protocol}"
    asked = store_probes.of(store)
    _told(asked, _without_tls(asked) or asked.observation.speaks, evidence)


def _without_tls(asked: StoreAsked) -> Finding | None:
    """Return why not even a certificate came of it, which is then no matter of the certificate."""
    tls = asked.observation.tls
    if tls.ok is not False or tls.kind in (None, Kind.TLS):
        return None
    return replace(tls, words=f"asked over TLS: {tls.words}")


@check(
    "CX803",
    "Store accepts the login",
    severity=Severity.CRITICAL,
    remedy="set the same password in the store's Secret and wherever the components read it, then restart them",
    rests_on=("CX801", "CX802", "CX806"),
)
def check_logs_in(store: Entry[Store], store_probes: StoreProbes, evidence: Evidence) -> None:
    """The store accepts the credentials that the components use; a password changed in one place only is refused."""
    evidence.promised = "accepts the components' credentials"
    asked = store_probes.of(store)
    if asked.login_note:
        evidence.note(asked.login_note)
    if asked.without_login and asked.observation.logs_in.ok is None:
        raise NotApplicable(asked.without_login)
    evidence.details["account read from"] = list(asked.read_from)
    _told(asked, asked.observation.logs_in, evidence)
    for where, finding in asked.as_told:
        evidence.note(f"components log in as another account too, told by {where}")
        assert finding.ok is not False, f"as the account told by {where}: {finding.words}"


@check(
    "CX804",
    "Store usable",
    severity=Severity.CRITICAL,
    remedy="the words name what it lacks: a primary, memory, a database, a bucket, a realm",
    rests_on=("CX801", "CX802", "CX803", "CX806"),
)
def check_usable(store: Entry[Store], store_probes: StoreProbes, evidence: Evidence) -> None:
    """The store can do its work: primary, loaded, with the databases, buckets and realms that components need.

    With ``--allow-writes`` a message passes through ActiveMQ and an object through MinIO; what was written is told.
    Without it nothing is: Redis is asked what becomes of a write that is taken back before it is run.
    """
    evidence.promised = "usable"
    asked = store_probes.of(store)
    if asked.role_note:
        evidence.note(asked.role_note)
    for words in asked.observation.untold:
        evidence.note(words)
    if asked.observation.writes:
        evidence.details["wrote"] = list(asked.observation.writes)
    _told(asked, asked.observation.usable, evidence)


@check(
    "CX805",
    "Store refuses strangers",
    severity=Severity.CRITICAL,
    remedy="switch authentication on in the store; whoever reaches its port owns its data",
    rests_on=("CX801", "CX802"),
)
def check_refuses(store: Entry[Store], store_probes: StoreProbes, evidence: Evidence) -> None:
    """The store refuses a wrong password and access without one; the wrong login of a run is of a user of its own.

    Of one that was captured without an account nobody knows whether it should; that it is open is noted.
    """
    evidence.promised = "refuses a wrong password and anonymous access"
    asked = store_probes.of(store)
    seen = asked.observation
    asked_for = (seen.refuses_anonymous, seen.refuses_wrong_password)
    unknown = store.of.source is Source.CAPTURED and store.of.login is None
    for finding in asked_for:
        if finding.ok is False and unknown and finding.kind is Kind.OPEN:
            evidence.note(f"captured without an account: {finding.words}")
        elif finding.ok is False:
            _told(asked, finding, evidence)
    told = [one for one in asked_for if one.ok or (unknown and one.kind is Kind.OPEN)]
    if not told:
        _told(asked, seen.refuses_anonymous, evidence)
    evidence.found, evidence.vantage = [one.words for one in told], asked.vantage


@check(
    "CX806",
    "Store certificate",
    severity=Severity.MAJOR,
    remedy="renew the certificate, or copy its CA into the Secret that the components mount",
    rests_on=("CX801",),
)
def check_certificate(store: Entry[Store], store_probes: StoreProbes, evidence: Evidence) -> None:
    """Where the store speaks TLS, its certificate is verified by the CA that the components have, for its name."""
    asked = store_probes.of(store)
    evidence.promised = "verified by the components' CA"
    if not asked.secure:
        raise NotApplicable("the store was asked without TLS")
    if _without_tls(asked):
        raise NotApplicable("it presents no certificate, for it does not begin TLS at all (CX802)")
    if asked.certificate_note:
        evidence.note(asked.certificate_note)
    if asked.observation.refuses_plaintext.ok is False:
        evidence.note(asked.observation.refuses_plaintext.words)
    certificate = asked.observation.certificate
    if certificate:
        days = certificate.days_left(dt.datetime.now(dt.UTC))
        evidence.details["until"] = certificate.not_after.isoformat()
        if days < WARN_DAYS:
            evidence.note(f"the certificate ends in {days:.0f} days")
        assert days > 0 or asked.observation.tls.ok is False, (
            f"the certificate ended on {certificate.not_after:%Y-%m-%d}"
        )
    named = store.of.tls is not None and store.of.tls.ca is not None
    if asked.observation.tls.ok is None and store.of.source is Source.CAPTURED and not named:
        raise NotApplicable(f"no CA was seen when the blueprint was captured: {asked.observation.tls.words}")
    if asked.observation.tls.ok is None:
        raise CouldNotLook(asked.observation.tls.words)
    _told(asked, asked.observation.tls, evidence)


@check(
    "CX807",
    "Store port answers",
    severity=Severity.MAJOR,
    remedy="switch the connector on in the store's configuration, or kubectl logs its pod",
    rests_on=("CX101", "CX103", "CX104", "CX201", "CX203", "CX602"),
)
def check_port(store_port: Entry[ServicePort], store_probes: StoreProbes, evidence: Evidence) -> None:
    """Each further port of a store accepts, and answers where its protocol is known; what it speaks is told.

    Where it wants TLS its certificate is verified; on a port that components are told to use it must be accepted.
    """
    evidence.promised = f"port {store_port.of.port} answers"
    asked = store_probes.beside(store_port)
    seen = asked.port(store_port.of.port)
    evidence.vantage, evidence.found, evidence.seen_at = asked.vantage, seen.finding.words, f"pod {asked.pod}"
    if seen.finding.ok is None:
        raise CouldNotLook(seen.finding.words)
    unused = seen.finding.kind is Kind.TLS and f"{store_port.of.port}" not in asked.told_ports
    if seen.finding.kind is Kind.WRONG_PROTOCOL or unused:
        evidence.note(seen.finding.words)
        return
    assert seen.finding.ok, seen.finding.words


@check(
    "CX811",
    "Store passwords agree",
    severity=Severity.CRITICAL,
    remedy="write the store's own password into the places named, then restart the components that read them",
    rests_on=("CX101",),
)
def check_passwords(store: Entry[Store], store_copies: StoreCopies, evidence: Evidence) -> None:
    """Every copy of the store's password that components read equals the store's own; hashes of them are compared.

    That a copy stands in clear in a ConfigMap is noted and breaks nothing: the vendor ships it so.
    """
    compared = store_copies.passwords(store)
    evidence.promised = f"equal to {compared.own}"
    evidence.found = dict.fromkeys(compared.equal, "equal") | dict.fromkeys(compared.of_others, "another account's")
    for where in compared.in_clear:
        evidence.note(f"minor: {where} holds a password in clear, as the vendor ships it")
    assert not compared.different, "; ".join(compared.different)
    if not compared.equal:
        raise NotApplicable(f"components log in as another account, or are told later: {', '.join(compared.of_others)}")


@check(
    "CX812",
    "Store TLS setting",
    severity=Severity.MAJOR,
    remedy="set the flag in the ConfigMap to what the store speaks, or switch TLS on or off in the store",
    rests_on=("CX101", "CX801", "CX802"),
)
def check_tls_setting(store: Entry[Store], seen: Seen, store_probes: StoreProbes, evidence: Evidence) -> None:
    """What the components are told about TLS is what the store speaks on its port."""
    flags = told(seen, store, "tls")
    if not flags:
        raise NotApplicable("no component reads a documented TLS setting of this store")
    ports = {one.value for one in told(seen, store, "port")}
    if ports - {str(store.of.port)}:
        raise NotApplicable(f"components use port {', '.join(sorted(ports))}, asked was {store.of.port}")
    asked = store_probes.of(store)
    evidence.vantage, evidence.found = asked.vantage, {one.where: one.value for one in flags}
    evidence.promised = f"port {store.of.port} {'speaks TLS' if asked.secure else 'speaks without TLS'}"
    if not asked.observation.speaks.ok:
        raise CouldNotLook(f"what it speaks was not seen: {asked.observation.speaks.words}")
    wrong = []
    for one in flags:
        if one.is_template or one.switched_on is None:
            evidence.note(f"{one.where} is {one.value!r}, neither true nor false; it was not compared")
        elif one.switched_on and not asked.secure:
            wrong.append(f"{one.where} is {one.value}, but {asked.observation.address} does not speak TLS")
        elif not one.switched_on and asked.secure and asked.takes_plain is None:
            raise CouldNotLook(f"{asked.observation.address} did not tell in time whether it answers without TLS too")
        elif not one.switched_on and asked.secure and not asked.takes_plain:
            wrong.append(f"{one.where} is {one.value}, but {asked.observation.address} wants TLS")
    assert not wrong, "; ".join(wrong)


@check(
    "CX813",
    "Store certificate copies",
    severity=Severity.MAJOR,
    remedy="copy the store's Secret into the namespace named again, then restart what mounts it",
    rests_on=("CX801", "CX802"),
)
def check_certificate_copies(
    store: Entry[Store], store_copies: StoreCopies, store_probes: StoreProbes, evidence: Evidence
) -> None:
    """The copies of the store's TLS Secret that components mount hold its CA and the certificate it presents."""
    asked = store_probes.of(store)
    evidence.promised, evidence.vantage = "what the server presents, and its CA", asked.vantage
    if not asked.secure:
        raise NotApplicable("the store was asked without TLS")
    own, copies = store_copies.certificates(store)
    presented, host = asked.observation.certificate, asked.observation.address.rpartition(":")[0]
    evidence.found = [one.where for one in (own, *copies)]
    wrong = []
    for held in (own, *copies):
        if not held.authorities & own.authorities:
            wrong.append(f"{held.where} does not hold the CA of {own.where}")
        elif held.authorities != own.authorities:
            evidence.note(f"{held.where} holds other CAs too, or fewer, than {own.where}")
        if held.own is None:
            continue
        days = (held.own.not_after - dt.datetime.now(dt.UTC)) / dt.timedelta(days=1)
        if days < 0:
            wrong.append(f"the certificate in {held.where} ended on {held.own.not_after:%Y-%m-%d}")
        elif days < WARN_DAYS:
            evidence.note(f"the certificate in {held.where} ends in {days:.0f} days")
        # One that is not for the store's name is a client's own.
        if presented and held.own.covers(host) and held.own.fingerprint != presented.fingerprint:
            wrong.append(f"{host} presents another certificate than {held.where} holds")
    assert not wrong, "; ".join(wrong)
