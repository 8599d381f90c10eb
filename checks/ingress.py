"""Ingress: how components are reached from outside, as the cluster is configured and as its entry point answers.

The file is long because an area is one file: whoever asks what is checked of a path reads it in one place.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Final

from cx_conformance.blueprint.component import Group, Ingress
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.platform import Platform
from cx_conformance.blueprint.promise import Severity
from cx_conformance.cluster.agreed_host import SAMPLE_HOST, no_host
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.host_rules import (
    called,
    has_alias,
    is_odd_one_out,
    own_certificate,
    ruled_by_others,
    strange_names,
    tls_place,
    uses_no_section,
)
from cx_conformance.cluster.other_routes import LedOtherwise
from cx_conformance.cluster.own_paths import knows_address
from cx_conformance.cluster.path_reach import (
    BELOW,
    arriving,
    bars,
    captures_rest,
    doubts,
    is_nginx,
    keeps_path,
    shared_cause,
    why_not_below,
    why_not_passed_on,
)
from cx_conformance.cluster.routes import Route, literal_path
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.traffic import way_in
from cx_conformance.objects.certificate import Certificate
from cx_conformance.objects.ingress import Ingress as LiveIngress
from cx_conformance.objects.ingress import IngressClass, IngressPath
from cx_conformance.objects.service import Service
from cx_conformance.outcome.check import NotApplicable, check
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Evidence
from cx_conformance.probes.http_observation import HttpFailure, HttpObservation
from cx_conformance.vantage.entrance import OUTSIDE, EntranceProbes

WARN_DAYS: Final = 30
"""A certificate that ends within so many days is noted."""


def _route(entry: Entry[Ingress], seen: Seen, evidence: Evidence) -> Route:
    found = seen.route(entry.planned, entry.of)
    evidence.seen_at = f"Ingress {found.ingress.where}"
    return found


def _backend(path: IngressPath) -> str:
    return f"{path.service or 'no Service'}:{path.port if path.port is not None else 'no port'}"


@check(
    "CX501",
    "Ingress path",
    severity=Severity.CRITICAL,
    remedy="apply the Ingress, or helm upgrade the chart that makes it: APISIX's, where all paths pass that",
    rests_on=("namespace:CX001", "gateway:CX201", "platform:CX521", "CX201", "CX203"),
)
def check_path(ingress: Entry[Ingress], seen: Seen, evidence: Evidence) -> None:
    """A rule leads the promised path, and nothing else's, to the component's Service and port.

    Its pods let the controller in that passes the calls on, where pods of that are seen.
    """
    named = ingress.planned.service_names
    evidence.promised = f"{ingress.of.path} to {named[0] if named else 'any Service'}"
    evidence.found = "no rule"
    try:
        route = _route(ingress, seen, evidence)
    except LedOtherwise as led:
        evidence.seen_at, evidence.found = led.lead.where, ", ".join(one.text for one in led.lead.backends)
        evidence.note(f"{led}: its class, host name and certificate are not judged")
        return
    evidence.found = f"{route.path.host or 'any host'}{route.path.path} to {_backend(route.path)}"
    ending = route.ingress.ending
    evidence.cause = f"Ingress {route.ingress.where} {ending}" if ending else None
    assert not ending, f"{evidence.cause}: it is gone as soon as its finalizers are"
    if is_nginx(seen.routing.controller_of(route.ingress)):
        for words in bars(route):
            evidence.note(words)
    if not named:
        evidence.note("the blueprint names no Service of the component, so that it may lead to any")
        return
    where = f"Ingress {route.ingress.where} leads {route.path.path} to {_backend(route.path)}"
    if gateway := seen.gateway_of(route):
        absent = gateway.why_absent(route)
        assert absent is None, absent
        whole = ingress.of.path if ingress.of.exact else f"{ingress.of.path.rstrip('/')}/{BELOW}"
        controller, runs = seen.routing.controller_of(route.ingress), seen.routing.seen_running(route.ingress)
        changed = why_not_passed_on(route, controller, seen.snapshot.visible(LiveIngress), whole, runs=runs)
        evidence.cause = f"Ingress {route.ingress.where} does not lead all paths to APISIX" if changed else None
        assert changed is None, f"Ingress {route.ingress.where}: {changed}; APISIX is to get {whole} as it was called"
        _let_in(route, gateway.service, seen, evidence)
        return
    live = seen.service(ingress.planned).object
    assert route.path.service == live.name, f"{where} of promised Service {live.name}"
    assert route.ingress.namespace == live.namespace, (
        f"{where} in its own namespace, promised is the Service in {live.namespace}"
    )
    facts = ingress.planned.facts.service
    promised = {number: one for one in facts.ports for number in (one.port, *one.also)} if facts else {}
    # A backend's port is given by number or by name; either must be a live port of a promised number.
    accepted = {
        key: promised[port.number]
        for port in live.ports
        if port.number in promised
        for key in (port.number, port.name)
        if key
    }
    port = accepted.get(route.path.port or "")
    assert port is not None, f"{where} of promised port {', '.join(str(one) for one in promised)}"
    controller = seen.routing.controller_of(route.ingress)  # empty where classes are not seen, which CX502 tells
    ingresses, runs = seen.snapshot.visible(LiveIngress), seen.routing.seen_running(route.ingress)
    lost = None if ingress.of.exact else why_not_below(route, controller, ingresses, runs=runs)
    evidence.cause = shared_cause(lost, route.path.host or "any host") if lost else None
    assert lost is None, f"Ingress {route.ingress.where}: {lost}; promised is {ingress.of.path} and all below it"
    if is_nginx(controller) and seen.routing.takes_paths_away and not ingress.of.exact:
        _knows_its_path(ingress, route, evidence)
    for doubt in doubts(route, controller, (port.name or "").partition("-")[0]):
        evidence.note(doubt)
    missing = [path for path in _beside(ingress.of) if not _leads(seen, ingress, path, live)]
    assert not missing, f"no Ingress leads {', '.join(missing)} to Service {live.where}; {ingress.of.path} is led there"
    _let_in(route, live, seen, evidence)


def _knows_its_path(ingress: Entry[Ingress], route: Route, evidence: Evidence) -> None:
    """Find a component that is asked by a path that it does not know, where most are asked without their own.

    Where none is, the components of this installation know their paths, or nobody says.
    """
    path, kept, knows = arriving(route), keeps_path(route), knows_address(ingress)
    asks = f"ingress-nginx asks the component for {path}"
    assert kept or not knows or path is None, (
        f"Ingress {route.ingress.where}: {asks}, which serves below {ingress.of.path} by its health endpoints: the "
        "rewrite-target takes that away"
    )
    assert not (kept and knows is False), (
        f"Ingress {route.ingress.where}: {asks}, which serves from / by its health endpoints: no rewrite-target takes "
        f"{route.literal} away"
    )
    if kept and knows is None and captures_rest(route):
        words = f"{asks}: no rewrite-target takes {route.literal} away, though {route.path.path} is written for one"
        assert ingress.planned.facts.group is not Group.INTERNAL, (
            f"Ingress {route.ingress.where}: {words}, and most others have one"
        )
        evidence.note(words)


def _let_in(route: Route, service: Service | None, seen: Seen, evidence: Evidence) -> None:
    """Find NetworkPolicies that keep the Ingress controller's pods out of a Service."""
    if service is None:
        return
    shut = way_in(seen, service, seen.routing.pods_of(seen.routing.controller_of(route.ingress)))
    evidence.cause = shut.cause
    assert not shut.forbidden, (
        f"Ingress {route.ingress.where} leads to Service {service.where}, but {shut.forbidden[0]}"
    )


def _beside(promised: Ingress) -> Iterator[str]:
    """Yield the further paths that do not lie below the component's own."""
    for one in promised.paths:
        path = one.path.rstrip("/") or "/"
        if not one.inside and not path.startswith(f"{promised.path.rstrip('/')}/"):
            yield path


def _leads(seen: Seen, ingress: Entry[Ingress], path: str, live: Service) -> bool:
    """Tell whether a rule leads a path to the Service, or to APISIX, which leads on."""
    route = seen.routing.best(path, {live.name}, (seen.host_of(ingress.planned) or "").lower())
    if route is None:
        return False
    place = route.ingress.namespace, route.path.service
    return place == (live.namespace, live.name) or seen.gateway_of(route) is not None


@check(
    "CX502",
    "Ingress class",
    severity=Severity.CRITICAL,
    remedy="install ingress-nginx or Traefik and name its class in the Ingress",
    rests_on=("CX501",),
)
def check_class(ingress: Entry[Ingress], seen: Seen, evidence: Evidence) -> None:
    """The Ingress is of a class that exists, of a controller that the page supports; nobody serves it otherwise.

    Nor does anybody while the controller's pods are seen, and none of them is ready.
    """
    route = _route(ingress, seen, evidence)
    classes = {one.name: one for one in seen.snapshot.list(IngressClass)}
    name = route.ingress.class_name
    supported = seen.plan.platform.ingress_controllers
    evidence.promised = sorted(one.name for one in supported)
    running = seen.routing.served_without_class(route.ingress)
    defaults = seen.routing.default_classes if not name else ()
    if not name:
        evidence.note(f"names no class; the default is {', '.join(defaults) or 'none'}")
    if running and name not in classes and not defaults:
        by = f"the annotation {name}" if name else "no class"
        evidence.note(f"{running.name} serves Ingresses with {by}, as the options of pod {running.pod} say")
        evidence.found, controller = {"class": name or "none", "controller": running.name}, running.name
    else:
        controller = _controller_of(name or _default(route, defaults, seen), route, classes, evidence)
    down = seen.routing.down(controller)
    silent = f"no pod of the ingress controller {controller} is ready: {down}"
    evidence.cause = silent if down else evidence.cause
    assert not down, f"Ingress {route.ingress.where} is served by nobody: {silent}"
    if not supported:
        evidence.note("the blueprint names no controllers, so that any is as good")
        return
    assert any(fnmatchcase(controller, known) for one in supported for known in one.controllers), (
        f"class {name or 'none'} is of controller {controller}, which the page does not support; it supports "
        f"{', '.join(sorted(one.name for one in supported))}"
    )


def _default(route: Route, defaults: Sequence[str], seen: Seen) -> str:
    """Return the one default class, which the API server has written into newer Ingresses than this one."""
    assert len(defaults) == 1, (
        f"Ingress {route.ingress.where} names no class, and {len(defaults)} classes are the default of promised "
        f"one{': ' if defaults else ''}{', '.join(defaults)}"
    )
    deaf = seen.routing.deaf_without_class(route.ingress, defaults[0])
    assert not deaf, (
        f"Ingress {route.ingress.where} names no class, and is older than the default {defaults[0]}, which the API "
        f"server writes into new ones only; its controller, pod {deaf}, serves no Ingress without a class"
    )
    return defaults[0]


def _controller_of(name: str, route: Route, classes: Mapping[str, IngressClass], evidence: Evidence) -> str:
    evidence.found = {"class": name, "controller": classes[name].controller if name in classes else "absent"}
    known = ", ".join(classes) or "none"
    if name not in classes:
        evidence.cause = f"IngressClass {name} does not exist; there are: {known}"
    assert name in classes, (
        f"Ingress {route.ingress.where} names class {name}, which does not exist; there are: {known}"
    )
    return classes[name].controller


@check(
    "CX503",
    "Ingress TLS",
    severity=Severity.CRITICAL,
    remedy="create the TLS Secret in the Ingress's namespace with a certificate for this host, and name it under `tls`",
    rests_on=("CX501", "CX505", "CX306"),
)
def check_tls(ingress: Entry[Ingress], seen: Seen, evidence: Evidence) -> None:
    """The host is served with a certificate that is valid for it; browsers refuse it otherwise."""
    if not ingress.of.over_tls:
        raise NotApplicable(f"{ingress.of.url} is promised, without TLS")
    route = _route(ingress, seen, evidence)
    host = called(seen, route, seen.host_of(ingress.planned))
    evidence.promised = f"a certificate for {host or 'its host'}"
    evidence.found = "no tls section for the host"
    place = tls_place(seen, route, host)
    where, secret, namespace = f"Ingress {route.ingress.where}", place.secret, place.ingress.namespace
    if secret is None or uses_no_section(seen, route):
        _refuse_default(route, seen)
    assert secret is not None, f"{where} has no TLS for {host or 'its host'}; https is promised"
    _needs_a_host(route, seen, evidence)
    if not secret:
        raise NotApplicable("the Ingress leaves the certificate to its controller")
    if route.tls_secret is None:
        served = f"it is served by a certificate of Ingress {place.ingress.where} all the same"
        slip = ", ".join(strange_names(seen, route))
        assert not slip, (
            f"{where} has TLS for {slip} of promised {host}, and a certificate that is not for it; {served}"
        )
        assert not is_odd_one_out(seen, route), (
            f"{where} has no TLS for {host}, unlike most Ingresses of the host; https is promised ({served})"
        )
        where = f"Ingress {place.ingress.where}"
        evidence.note(f"its own TLS section names no Secret for {host}, which is served by that of {where}")
    evidence.found = f"Secret {place.where}"
    named = f"TLS Secret {place.where}"
    live = seen.snapshot.secret(namespace, secret)
    if live is None:
        evidence.cause = f"Secret {place.where} does not exist"
        raise Absent(f"{where} names TLS Secret {secret}, which does not exist in {namespace}")
    evidence.cause = f"Secret {place.where} {live.ending}" if live.ending else None
    assert not live.ending, f"{named} {live.ending}: it is gone as soon as its finalizers are"
    pem = seen.snapshot.certificate(namespace, secret)
    assert pem is not None, f"{named} has no tls.crt"
    found = Certificate.read(pem)
    assert found is not None, f"{named} holds no certificate that can be read"
    evidence.found = {"names": list(found.names), "until": found.not_after.isoformat(), "issuer": found.issuer}
    assert _TEMPORARY not in found.issuer.split(","), (
        f"{named} holds cert-manager's temporary certificate, for the real one is not issued yet: kubectl describe "
        f"certificate -n {namespace} says why"
    )
    if host and not found.covers(host):
        evidence.cause = _of_another_host(_copies(seen, found, place.where), found, host)
        raise AssertionError(_of_another_host([place.where], found, host))
    fits = seen.snapshot.key_fits(namespace, secret)
    assert fits is not False, f"the key in {named} is not that of its certificate, so that no controller serves it"


_TEMPORARY: Final = "CN=cert-manager.local"
"""Who signs what cert-manager puts into a Secret until the certificate comes, where it is told to
(cert-manager.io/issue-temporary-certificate; source: its pkg/util/pki/temporarycertificate.go)."""


def _needs_a_host(route: Route, seen: Seen, evidence: Evidence) -> None:
    """Fail where a rule is for any host, and its controller makes up the certificate for that.

    A default certificate of its own is told before; where no pod of the controller is seen there may be one.
    """
    if not uses_no_section(seen, route):
        return
    words = (
        f"Ingress {route.ingress.where} leads {route.path.path} for any host, for which ingress-nginx takes no "
        "certificate from a TLS section"
    )
    if not seen.routing.seen_running(route.ingress):
        evidence.note(f"{words}, but its option --default-ssl-certificate, and its pods are not seen")
        return
    raise AssertionError(f"{words}, but makes one up; name the host in the rule, or set --default-ssl-certificate")


def _refuse_default(route: Route, seen: Seen) -> None:
    """Raise NotApplicable where the controller serves hosts without a certificate by one of its own."""
    served = own_certificate(seen, route)
    if served:
        raise NotApplicable(f"Ingress {route.ingress.where} has no TLS for the host, which {served}")


@check(
    "CX504",
    "Ingress certificate in date",
    severity=Severity.CRITICAL,
    remedy="renew the certificate and replace the TLS Secret in every namespace",
    rests_on=("CX501", "CX503"),
)
def check_expiry(ingress: Entry[Ingress], seen: Seen, evidence: Evidence) -> None:
    """The certificate is valid today; one that ends within 30 days is noted."""
    route = _route(ingress, seen, evidence)
    place = tls_place(seen, route, called(seen, route, seen.host_of(ingress.planned)))
    if (place.secret is None or uses_no_section(seen, route)) and ingress.of.over_tls:
        _refuse_default(route, seen)
    if place.secret is None and ingress.of.over_tls:
        raise Absent(f"Ingress {route.ingress.where} has no TLS for the host, hence no certificate")
    pem = seen.snapshot.certificate(place.ingress.namespace, place.secret) if place.secret else None
    found = Certificate.read(pem)
    if found is None:
        raise NotApplicable("no certificate is named")
    now = seen.snapshot.now
    days = (found.not_after - now).days
    evidence.found, evidence.promised = f"until {found.not_after.isoformat()} ({days} days)", "valid today"
    named = f"the certificate in Secret {place.where}"
    assert found.not_before <= now, f"{named} is valid only from {found.not_before:%Y-%m-%d}"
    if found.not_after <= now:
        evidence.cause = _expired(_copies(seen, found, place.where), found)
        raise AssertionError(_expired([place.where], found))
    if days < WARN_DAYS:
        evidence.note(f"ends in {days} days")


def _expired(secrets: Sequence[str], found: Certificate) -> str:
    return f"the certificate in {_secrets(secrets)} expired on {found.not_after:%Y-%m-%d}"


def _of_another_host(secrets: Sequence[str], found: Certificate, host: str) -> str:
    return f"the certificate in {_secrets(secrets)} is for {', '.join(found.names) or 'no name'} of promised {host}"


def _secrets(where: Sequence[str]) -> str:
    return f"Secret{'s' if len(where) > 1 else ''} {', '.join(where)}"


def _copies(seen: Seen, one: Certificate, *own: str) -> list[str]:
    """Return the Secrets that Ingresses name and that hold the same certificate: it is one thing at fault in all."""
    secrets = {
        (route.namespace, tls.secret_name)
        for route in seen.snapshot.visible(LiveIngress)
        for tls in route.tls
        if tls.secret_name and route.namespace in seen.plan.namespaces
    }
    found = set(own)
    for namespace, name in secrets:
        with suppress(CouldNotLook):
            held = Certificate.read(seen.snapshot.certificate(namespace, name))
            found |= {f"{namespace}/{name}"} if held and held.fingerprint == one.fingerprint else set()
    return sorted(found)


@check(
    "CX505",
    "Ingress host",
    severity=Severity.MAJOR,
    remedy="set the rule's host to the site's FQDN",
    rests_on=("CX501",),
)
def check_host(ingress: Entry[Ingress], seen: Seen, evidence: Evidence) -> None:
    """The rule is for the site's host name, where that is known."""
    expected = seen.host_of(ingress.planned)
    if not expected:
        raise NotApplicable(no_host(seen.agreed_host))
    route = _route(ingress, seen, evidence)
    found = route.path.host
    evidence.found, evidence.promised = found or "any host", expected
    if not found or found.lower() == expected.lower() or _covers(found, expected) or has_alias(seen, route, expected):
        _answers(route, expected, seen, evidence)
        return
    agreed = seen.agreed_host if expected == seen.fqdn else None
    if agreed:
        evidence.cause = (
            f"{agreed.words}, the run was told {expected}; which of the two is wrong cannot be known from here"
        )
        raise AssertionError(evidence.cause)
    # One Ingress leads all paths to APISIX; that the vendor's sample is left in it, CX306 tells in the same words.
    if found.lower() == SAMPLE_HOST:
        evidence.cause = f"Ingress {route.ingress.where} holds {SAMPLE_HOST}"
    elif seen.gateway_of(route):
        evidence.cause = f"Ingress {route.ingress.where} is for host {found} of promised {expected}"
    raise AssertionError(
        f"Ingress {route.ingress.where} serves {ingress.of.path} for host {found} of promised {expected}"
    )


def _covers(wildcard: str, host: str) -> bool:
    return wildcard.startswith("*.") and wildcard[2:] == host.partition(".")[2]


def _answers(route: Route, host: str, seen: Seen, evidence: Evidence) -> None:
    """Fail where a rule would do for ``host``, and its controller leads that by the rules of others alone."""
    other = ruled_by_others(seen, route, host)
    if other is None:
        return
    evidence.cause = (
        f"the rules of some Ingresses are for another host than {host}, which ingress-nginx leads by those alone that "
        "name it"
    )
    raise AssertionError(
        f"Ingress {route.ingress.where} serves {route.path.path} for {route.path.host or 'any host'}, and "
        f"ingress-nginx does so for hosts that no Ingress names: {host} is led by the rules that name it, as Ingress "
        f"{other.where} does"
    )


def _arrive_together(one: Route, other: Route, seen: Seen) -> bool:
    """Tell whether two rules lead to the same Service and port, which one may give by number, the other by name."""
    places = {(each.ingress.namespace, each.path.service) for each in (one, other)}
    if len(places) > 1:
        return False
    service = seen.snapshot.get(Service, one.ingress.namespace, one.path.service)
    numbers = {port.name: port.number for port in service.ports} if service else {}
    return len({numbers.get(str(each.path.port), each.path.port) for each in (one, other)}) == 1


@check(
    "CX506",
    "Ingress path claimed once",
    severity=Severity.MAJOR,
    remedy="remove one of the rules; the controller takes the older one, or either",
    rests_on=("CX501",),
)
def check_claimed_once(ingress: Entry[Ingress], seen: Seen, evidence: Evidence) -> None:
    """No other Ingress of the class claims the same host and path for another Service, or another port of it.

    Nor does one lead a part of it to a Service that does not exist; that one leads to another component is noted.
    """
    route = _route(ingress, seen, evidence)
    rivals = [
        f"{other.ingress.where} to {_backend(other.path)}"
        for other in seen.routing.rivals(route)
        if not _arrive_together(route, other, seen)
    ]
    evidence.found, evidence.promised = rivals or "no other", "no other"
    assert not rivals, (
        f"{route.path.host or 'any host'}{route.path.path} is claimed by {route.ingress.where} "
        f"and by {', '.join(rivals)}"
    )
    _no_part_elsewhere(ingress, route, seen, evidence)


def _no_part_elsewhere(ingress: Entry[Ingress], route: Route, seen: Seen, evidence: Evidence) -> None:
    """Find rules that lead a part of the path to nobody; note those to somebody else, but for promised paths.

    Traefik passes over a rule whose Service is missing; ingress-nginx answers 503 there.
    """
    own = route.ingress.namespace, route.path.service
    parts = [
        one
        for one in seen.routing.parts(route, ingress.of.path)
        if one.path.service and (one.ingress.namespace, one.path.service) != own
    ]
    known = {literal_path(path) for path in _promised_paths(seen)} if parts else set()
    for one in parts:
        led = f"{one.host or 'any host'}{one.path.path}, a part of {ingress.of.path}, is led by Ingress "
        led += f"{one.ingress.where} to Service {one.path.service}"
        absent = False
        with suppress(CouldNotLook):
            absent = seen.snapshot.get(Service, one.ingress.namespace, one.path.service) is None
        assert not (absent and is_nginx(seen.routing.controller_of(one.ingress))), f"{led}, which does not exist"
        if one.literal not in known:
            evidence.note(led)


def _promised_paths(seen: Seen) -> Iterator[str]:
    for entry in seen.plan.entries("ingress"):
        yield entry.of.path
        yield from (one.path for one in entry.of.paths)


@check(
    "CX510",
    "Entry point answers",
    severity=Severity.CRITICAL,
    remedy="check DNS, firewall and load balancer; before DNS has the name, give --resolve HOST:443:ADDRESS",
)
def check_entry_point(platform: Entry[Platform], entrance_probes: EntranceProbes, evidence: Evidence) -> None:
    """The platform's host names lead to an entry point that speaks TLS; users reach nothing otherwise."""
    evidence.promised = "TLS on port 443"
    seen = _outside(entrance_probes.hosts(), evidence)
    spoken = (HttpFailure.CERTIFICATE, HttpFailure.TLS)
    silent = [one.words for one in seen.values() if one.failure and one.failure not in spoken]
    assert not silent, "; ".join(silent)


def _outside(seen: Mapping[str, HttpObservation], evidence: Evidence) -> Mapping[str, HttpObservation]:
    evidence.vantage, evidence.seen_at = OUTSIDE, ", ".join(seen)
    evidence.tries = max(one.tries for one in seen.values())
    evidence.found = {host: one.failure or f"{one.status} {one.reason}".strip() for host, one in seen.items()}
    return seen


_BY_ITS_CHAIN: Final = " and itself in date, so that a certificate above it has expired: one of the chain, or the CA"


@check(
    "CX512",
    "Entry point's certificate",
    severity=Severity.CRITICAL,
    remedy="install a certificate for this host name with its whole chain; where it is of your own CA, give --ca FILE",
    rests_on=("platform:CX510", "platform:CX513"),
    follows=("any:CX502", "any:CX503"),
)
def check_served_certificate(
    platform: Entry[Platform], entrance_probes: EntranceProbes, seen: Seen, evidence: Evidence
) -> None:
    """The certificate that is served verifies by the system's authorities, or the given ones, for the host name."""
    evidence.promised = "verified for the host name"
    shown_by = _outside(entrance_probes.hosts(), evidence)
    shown, ends = {}, {}
    for host, one in shown_by.items():
        certificate = one.tls.certificate if one.tls else None
        if certificate:
            until = certificate.not_after
            shown[host] = {"names": list(certificate.names), "issuer": certificate.issuer, "until": until.isoformat()}
            ends[host] = (until - dt.datetime.now(dt.UTC)).days
    evidence.details["certificates"] = shown
    refused = [
        f"{one.words}; it is for {', '.join(shown[host]['names']) or 'no name'}, of {shown[host]['issuer']}"
        + (_BY_ITS_CHAIN if "has expired" in one.words and ends[host] >= 0 else "")
        if host in shown
        else one.words
        for host, one in shown_by.items()
        if one.failure
    ]
    at_fault = [_held(seen, one, host) for host, one in shown_by.items() if one.failure]
    evidence.causes = list(dict.fromkeys(at_fault)) if all(at_fault) else []
    assert not refused, "; ".join(refused)
    for host, days in ends.items():
        if days < WARN_DAYS:
            evidence.note(f"the certificate of {host} ends in {days} days")


def _held(seen: Seen, shown: HttpObservation, host: str) -> str:
    """Say what CX503 or CX504 says of the Secrets that hold the certificate which is shown; empty: neither does."""
    certificate = shown.tls.certificate if shown.tls else None
    secrets = _copies(seen, certificate) if certificate else []
    if certificate is None or not secrets:
        return ""
    if certificate.not_after <= seen.snapshot.now:
        return _expired(secrets, certificate)
    return "" if certificate.covers(host) else _of_another_host(secrets, certificate, host)


@check(
    "CX513",
    "Entry point's TLS version",
    severity=Severity.MAJOR,
    remedy="allow TLS 1.2 and 1.3 in the ingress controller (ingress-nginx: ssl-protocols; Traefik: minVersion)",
    rests_on=("platform:CX510",),
)
def check_tls_version(platform: Entry[Platform], entrance_probes: EntranceProbes, evidence: Evidence) -> None:
    """The entry point offers TLS 1.2 or later; browsers refuse what is older."""
    evidence.promised = ["TLSv1.2", "TLSv1.3"]
    seen = _outside(entrance_probes.hosts(), evidence)
    evidence.found = {host: one.tls.protocol if one.tls else one.failure for host, one in seen.items()}
    wrong = [
        one.words or f"{one.url}: speaks {evidence.found[host]}"
        for host, one in seen.items()
        if evidence.found[host] not in evidence.promised
    ]
    assert not wrong, "; ".join(wrong)


@check(
    "CX511",
    "Path answers from outside",
    severity=Severity.CRITICAL,
    remedy="look at the ingress controller's log for this path, at the rule's host, and at the component behind it",
    rests_on=(
        "platform:CX510",
        "platform:CX513",
        "platform:CX521",
        "CX501",
        "CX522",
        "CX502",
        "CX505",
        "CX101",
        "CX104",
        "CX203",
        "CX206",
    ),
    follows=("CX109", "CX603", "CX601", "CX602"),
)
def check_path_answers(ingress: Entry[Ingress], entrance_probes: EntranceProbes, evidence: Evidence) -> None:
    """Through the entry point the path leads to the component, which answers; not to the controller's own page."""
    seen = entrance_probes.path(ingress)
    evidence.promised, evidence.vantage, evidence.tries = (
        "a status below 500, of the component",
        OUTSIDE,
        seen.http.tries,
    )
    evidence.found, evidence.seen_at = seen.http.status or seen.http.words, seen.http.url
    evidence.details["ms"] = round(seen.http.milliseconds, 1)
    assert seen.answers, seen.words


@check(
    "CX514",
    "HTTP leads to HTTPS",
    severity=Severity.MAJOR,
    remedy="set nginx.ingress.kubernetes.io/force-ssl-redirect, or Traefik's redirectScheme",
    rests_on=("platform:CX510", "CX501", "CX502", "CX505"),
)
def check_redirect(ingress: Entry[Ingress], entrance_probes: EntranceProbes, evidence: Evidence) -> None:
    """Plain HTTP on the path leads to HTTPS on the same host; what users type and send is in plain otherwise."""
    redirect = entrance_probes.redirect(ingress)
    seen = redirect.seen
    evidence.promised, evidence.vantage, evidence.tries = "a redirect to HTTPS", OUTSIDE, seen.tries
    evidence.found, evidence.seen_at = seen.shown_location or seen.status or seen.words, seen.url
    if redirect.shut:
        raise NotApplicable(f"nobody answers plain HTTP: {seen.words}")
    led = f", leads to {seen.shown_location}" if seen.location else ""
    said = seen.words if seen.failure else f"{seen.url}: answered {seen.status} {seen.reason}{led}"
    assert redirect.leads_to_https, f"{said}, promised is a redirect to HTTPS on the same host"


@check(
    "CX515",
    "WebSocket from outside",
    severity=Severity.CRITICAL,
    remedy="let the controller and every proxy before it pass Upgrade on to this path, and keep long connections",
    rests_on=("platform:CX510", "CX501", "CX523", "CX502", "CX511"),
)
def check_web_socket(ingress: Entry[Ingress], entrance_probes: EntranceProbes, evidence: Evidence) -> None:
    """Clients get a WebSocket below the path; agents and chats fall back to slow polling, or fail, otherwise."""
    seen = entrance_probes.upgrade(ingress)
    evidence.promised, evidence.vantage, evidence.tries = "101 Switching Protocols", OUTSIDE, seen.http.tries
    evidence.found, evidence.seen_at = seen.http.status or seen.http.words, seen.http.url
    assert seen.upgraded, seen.words
