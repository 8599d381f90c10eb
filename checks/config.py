"""Configuration: ConfigMaps and Secrets exist, are used, and hold what they should.

The file is long because an area is one file: whoever asks what is checked of a ConfigMap reads it in one place.
"""

import re
from typing import Literal

from cx_conformance.blueprint.component import Component, ConfigMap, Secret
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.platform import Platform
from cx_conformance.blueprint.promise import Severity
from cx_conformance.blueprint.store import Store
from cx_conformance.cluster.addressing import addresses, lacks_promised, leads, malformed
from cx_conformance.cluster.agreed_host import SAMPLE_HOST
from cx_conformance.cluster.dangling import dangling, needed
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.lost_addresses import lost_addresses
from cx_conformance.cluster.mentions import mentions, shared
from cx_conformance.cluster.secret_copies import strangers
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import Setting, keyed, lacking, switch, told
from cx_conformance.cluster.untold_keys import untold
from cx_conformance.objects.certificate import Certificate
from cx_conformance.objects.config import ConfigMap as LiveConfigMap
from cx_conformance.objects.ingress import Ingress
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.pod_spec import Reference
from cx_conformance.objects.service import Service
from cx_conformance.outcome.check import NotApplicable, check
from cx_conformance.outcome.outcome import Evidence

_SAMPLE = re.compile(rf"(?<![A-Za-z0-9-]){re.escape(SAMPLE_HOST)}(?![A-Za-z0-9-])(?!\.[A-Za-z0-9])", re.IGNORECASE)


@check(
    "CX301",
    "ConfigMap exists",
    severity=Severity.MAJOR,
    remedy="create it, or helm upgrade the chart that makes it; pods that need it do not start without it",
    rests_on=("namespace:CX008",),
)
def check_config_map(config_map: Entry[ConfigMap], seen: Seen, evidence: Evidence) -> None:
    """The ConfigMap exists under a documented name, and is not being deleted.

    What it holds is the site's, so that an empty one is noted.
    """
    evidence.promised, evidence.found = config_map.id, "absent"
    candidates = config_map.of.candidates
    found = seen.one_of(LiveConfigMap, config_map.planned, seen.names_of(config_map.planned, "ConfigMap", candidates))
    if found is None and config_map.of.optional:
        raise NotApplicable(f"absent, which is accepted: {config_map.of.why}")
    namespace = seen.namespace_of(config_map.planned)
    instead = "" if found else seen.elsewhere(LiveConfigMap, config_map.planned, candidates)
    evidence.cause = None if found else f"ConfigMap {namespace}/{candidates[0]} does not exist"
    assert found is not None, f"ConfigMap {namespace}/{' or '.join(candidates)} does not exist{instead}"
    evidence.found = evidence.seen_at = f"ConfigMap {found.object.where}"
    evidence.details["keys"] = len(found.object.keys)
    if found.note:
        evidence.note(found.note)
    _stays("ConfigMap", found.object, evidence)
    if not found.object.keys:
        evidence.note("it holds no key: the component is told nothing by it")


def _stays(kind: str, live: ApiObject | None, evidence: Evidence) -> None:
    """Fail where an object is being deleted: no pod that needs it starts when it is gone."""
    ending = live.ending if live else ""
    evidence.cause = f"{kind} {live.where} {ending}" if live and ending else None
    assert not ending, f"{evidence.cause}: it is gone as soon as its finalizers are"


def _users(
    seen: Seen, entry: Entry[ConfigMap] | Entry[Secret], kind: Literal["ConfigMap", "Secret"], names: tuple[str, ...]
) -> list[Reference]:
    accepted = seen.names_of(entry.planned, kind, names)
    return [one for one in seen.spec(entry.planned).references() if one.kind == kind and one.name in accepted]


def _not_mounted(
    seen: Seen, entry: Entry[ConfigMap] | Entry[Secret], kind: Literal["ConfigMap", "Secret"], names: tuple[str, ...]
) -> str:
    """Say why nothing uses an object: not even a volume names it, or no container mounts the one that does."""
    volumes = [
        volume.name
        for volume in seen.spec(entry.planned).unmounted
        if any(one.kind == kind and one.name in names for one in volume.references)
    ]
    if volumes:
        return f"volume {', '.join(volumes)} names it, but no container mounts that"
    return "no envFrom, env or volume names it"


@check(
    "CX302",
    "ConfigMap used",
    severity=Severity.MAJOR,
    remedy="refer to the ConfigMap in the pod template by envFrom, env or a volume",
    rests_on=("CX101", "CX301"),
)
def check_config_map_used(config_map: Entry[ConfigMap], seen: Seen, evidence: Evidence) -> None:
    """The component's pods use the ConfigMap; one that nobody reads configures nothing."""
    users = _users(seen, config_map, "ConfigMap", config_map.of.candidates)
    live = seen.workload(config_map.planned).object
    evidence.promised, evidence.seen_at = f"used by {live.where}", f"{live.kind} {live.where}"
    evidence.found = sorted({f"{one.how} in {one.where}" for one in users}) or "not used"
    if not users and config_map.of.optional:
        raise NotApplicable(f"not used, which is accepted: {config_map.of.why}")
    why = "" if users else _not_mounted(seen, config_map, "ConfigMap", config_map.of.candidates)
    assert users, f"{live.kind} {live.where} does not use ConfigMap {config_map.id}: {why}"
    for one in users:
        if one.prefix:
            evidence.note(f"envFrom of {one.where} puts {one.prefix} before the name of each of its keys")


@check(
    "CX303",
    "Secret exists",
    severity=Severity.MAJOR,
    remedy="create the Secret before the component; pods that need it do not start without it",
    rests_on=("namespace:CX008",),
)
def check_secret(secret: Entry[Secret], seen: Seen, evidence: Evidence) -> None:
    """The Secret exists under a documented name, and is not being deleted."""
    namespace = seen.namespace_of(secret.planned)
    evidence.promised, evidence.found = secret.id, "absent"
    name = seen.secret(secret.planned, seen.names_of(secret.planned, "Secret", secret.of.candidates))
    if name:
        evidence.found = evidence.seen_at = f"Secret {namespace}/{name}"
        if name != secret.id:
            evidence.note(f"found as {name}, documented is {secret.id}")
        _stays("Secret", seen.snapshot.secret(namespace, name), evidence)
        return
    instead = secret.of.or_config_map
    if instead and seen.one_of(LiveConfigMap, secret.planned, (instead,)):
        evidence.found = f"ConfigMap {namespace}/{instead}"
        evidence.note(f"a ConfigMap {instead} stands for it, as in the field")
        return
    evidence.cause = f"Secret {namespace}/{secret.of.candidates[0]} does not exist"
    raise Absent(f"Secret {namespace}/{' or '.join(secret.of.candidates)} does not exist")


@check(
    "CX304",
    "Secret used",
    severity=Severity.MAJOR,
    remedy="refer to the Secret in the pod template by envFrom, env or a volume",
    rests_on=("CX101", "CX303"),
)
def check_secret_used(secret: Entry[Secret], seen: Seen, evidence: Evidence) -> None:
    """The component's pods use the Secret, or the ConfigMap that stands for it, and where they take single keys all.

    Of keys that are spelt otherwise than variables it is not known under which name they are told.
    """
    users = _users(seen, secret, "Secret", secret.of.candidates)
    if secret.of.or_config_map:
        users += _users(seen, secret, "ConfigMap", (secret.of.or_config_map,))
    live = seen.workload(secret.planned).object
    evidence.promised, evidence.seen_at = f"used by {live.where}", f"{live.kind} {live.where}"
    evidence.found = sorted({f"{one.how} in {one.where}" for one in users}) or "not used"
    why = "" if users else _not_mounted(seen, secret, "Secret", secret.of.candidates)
    assert users, f"{live.kind} {live.where} does not use Secret {secret.id}: {why}"
    lost = untold(seen, secret.planned, secret.of, users)
    words = f"{live.kind} {live.where} is told {', '.join(lost.keys)} by no key of Secret {secret.id}, nor otherwise"
    if lost.keys and lost.perhaps:
        evidence.note(f"{words}; Secret {lost.perhaps}, which is taken wholly, may hold it")
        return
    assert not lost.keys, words


@check(
    "CX305",
    "References exist",
    severity=Severity.CRITICAL,
    remedy="create the missing object, or correct the name or key in the pod template; the next start of a pod fails",
    rests_on=("CX101",),
)
def check_references(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """Every ConfigMap, Secret and key that the pods need exists; a missing one shows only at the next start.

    So does the key behind a file that a container is told by a variable, such as a store's CA, where it is mounted.
    """
    live = seen.workload(component.planned).object
    evidence.seen_at = f"{live.kind} {live.where}"
    missing = dangling(seen, component.planned)
    evidence.promised = f"{len(needed(live.template.spec))} references exist"
    evidence.found = list(missing) or "all exist"
    gone = sorted({words.partition(" (")[0].rpartition(" ") for words in missing})
    evidence.causes = [f"{what} {live.namespace}/{name} does not exist" for what, _, name in gone]
    assert not missing, f"{live.kind} {live.where} needs what is not there: {'; '.join(missing)}"


@check(
    "CX310",
    "Addresses lead to Services",
    severity=Severity.MAJOR,
    remedy="correct the address in the ConfigMap or pod template, or create the Service; then restart what reads it",
    rests_on=("CX101",),
)
def check_addresses(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """Every address inside the cluster that the component is told is that of a Service, and of a port that it has.

    One of a component that this site leaves out, and an accepted name of a Service that is there under another, are
    noted; what the vendor's charts get wrong CX013 tells.
    """
    live = seen.workload(component.planned).object
    evidence.seen_at, evidence.promised = f"{live.kind} {live.where}", "each leads to a Service"
    known = seen.plan.blueprint.mistakes("variable", component.component)
    told, shipped = [], 0
    for one in lost_addresses(seen, component.planned):
        if one.instead:
            evidence.note(f"{one.place}: {one.why}; {one.instead}")
        elif any(
            each.about == one.variable and seen.is_known_mistake(each, one.why.partition(" ")[0]) for each in known
        ):
            shipped += 1
        else:
            told.append(one)
    well = f"all do but {shipped} that {'are' if shipped > 1 else 'is'} known (CX013)" if shipped else "all do"
    evidence.found = [f"{one.place}: {one.why}" for one in told] or well
    evidence.causes = list(dict.fromkeys(one.why for one in told))
    assert not told, "; ".join(f"{one.place}: {one.why}" for one in told)


@check(
    "CX306",
    "No sample host left",
    severity=Severity.MAJOR,
    remedy="replace the vendor's sample host by this site's FQDN, in the charts' values too; then restart its pods",
    rests_on=("CX101",),
)
def check_sample_host(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """Nothing that it is configured with still names the vendor's sample host: ConfigMap, pod template, Ingress."""
    if (seen.host_of(component.planned) or "").lower() == SAMPLE_HOST:
        raise NotApplicable(f"{SAMPLE_HOST} is this site's own host name")
    left = list(mentions(seen, component.planned, _SAMPLE))
    evidence.found, evidence.promised = left or "none", "none"
    namespace = seen.namespace_of(component.planned)
    evidence.causes = [f"{one} holds {SAMPLE_HOST}" for one in shared(left, namespace)]
    assert not left, f"{SAMPLE_HOST} is left in {', '.join(left)}"


@check(
    "CX307",
    "TLS Secrets agree",
    severity=Severity.MAJOR,
    remedy="copy the renewed Secret into every namespace that has one of this name",
)
def check_tls_secrets(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """TLS Secrets of one name hold the same certificate in every namespace, and CAs the same; a copy goes stale.

    What nobody uses is noted, and so are those that cert-manager makes for the Ingresses of each namespace: no copies.
    """
    held: dict[str, dict[str, str]] = {}
    made: set[tuple[str, str]] = set()
    for ingress in seen.snapshot.visible(Ingress):
        if ingress.namespace not in seen.plan.namespaces:
            continue
        for name in {one.secret_name for one in ingress.tls if one.secret_name}:
            found = Certificate.read(seen.snapshot.certificate(ingress.namespace, name))
            if found is not None:
                held.setdefault(name, {})[ingress.namespace] = found.fingerprint[:16]
                made |= {(name, ingress.namespace)} if ingress.asks_for_certificates else set()
    evidence.found, evidence.promised = held, "one certificate a name"
    apart = list(strangers(seen))
    for one in apart:
        if not one.is_used:
            evidence.note(f"{one.words}; nobody uses them")
    if not held and not apart:
        raise NotApplicable("no Ingress names a TLS Secret")
    differ = {name: where for name, where in sorted(held.items()) if len(set(where.values())) > 1}
    own = [name for name, where in differ.items() if all((name, namespace) in made for namespace in where)]
    for name in own:
        evidence.note(f"cert-manager makes {name} in each of {', '.join(sorted(differ[name]))}: they are no copies")
    stale = [
        f"{name}: {', '.join(f'{namespace} {print_}' for namespace, print_ in sorted(where.items()))}"
        for name, where in differ.items()
        if name not in own
    ]
    wrong = [f"different certificates under one name: {'; '.join(stale)}"] if stale else []
    wrong += [one.words for one in apart if one.is_used and one.name not in differ]
    assert not wrong, "; ".join(wrong)


@check(
    "CX308",
    "Store settings lead to the store",
    severity=Severity.MAJOR,
    remedy="write the name and port of the store's Service into the ConfigMap, then restart what reads it",
    rests_on=("CX101", "CX201"),
)
def check_store_settings(store: Entry[Store], seen: Seen, evidence: Evidence) -> None:
    """Host, port and URL that the components are told of a store are those of its Service, and none is missing.

    A wrong one shows late; without one a component has nothing to call, and without an account it is let in nowhere.
    """
    service = seen.service(store.planned).object
    evidence.promised = (
        f"{service.name}.{service.namespace}.svc, ports {', '.join(str(p.number) for p in service.ports)}"
    )
    hosts = (*told(seen, store, "host"), *told(seen, store, "url"))
    ports = told(seen, store, "port")
    lacks = list(lacking(seen, store))
    if not hosts and not ports and not lacks:
        raise NotApplicable("no component reads a documented setting of this store")
    evidence.found = {one.where: one.value for one in (*hosts, *ports)} | dict.fromkeys(map(str, lacks), "missing")
    for lack in lacks:
        if lack.perhaps:
            evidence.note(f"{lack}; {lack.perhaps} may hold it")
    gone = [one for one in lacks if not one.perhaps]
    wrong = [f"{one}, so that {_some(one.readers)} have no {one.what}" for one in gone]
    evidence.causes = [f"key {one.key} of ConfigMap {one.config_map} does not exist" for one in gone]
    wrong += [words for one in hosts for words in _led_astray(seen, store, one, evidence)]
    wrong += [words for one in ports if (words := _odd_port(seen, store, one, service, evidence))]
    if len(wrong) > len(gone):
        evidence.causes = []
    assert not wrong, "; ".join(wrong)


def _led_astray(seen: Seen, store: Entry[Store], setting: Setting, evidence: Evidence) -> list[str]:
    """Say what of the addresses in a setting does not lead to the store."""
    if said := malformed(setting.value):
        return [f"{setting.where} says {said}, which is no address; it is read by {_some(setting.readers)}"]
    found = addresses(setting.value)
    if setting.is_template or found is None:
        evidence.note(f"{setting.where} is no plain address; it was not compared")
        return []
    wrong = []
    for one in found:
        led = leads(seen, store.planned, one.host, setting.namespace)
        if led.note:
            evidence.note(f"{setting.where}: {led.note}")
        if led.wrong:
            wrong.append(f"{setting.where} says {one.host}: {led.wrong}; it is read by {_some(setting.readers)}")
        elif one.port and led.service and one.port not in (port.number for port in led.service.ports):
            says = f"{setting.where} says port {one.port}"
            if lacks_promised(seen, store.planned, led.service, one.port):
                evidence.note(f"{says}, as promised, which Service {led.service.where} does not have")
            else:
                wrong.append(f"{says}, which Service {led.service.where} does not have")
    return wrong


def _odd_port(seen: Seen, store: Entry[Store], setting: Setting, service: Service, evidence: Evidence) -> str | None:
    if setting.is_template:
        evidence.note(f"{setting.where} is no plain number; it was not compared")
        return None
    if setting.value in {str(port.number) for port in service.ports}:
        return None
    if setting.value.isdecimal() and lacks_promised(seen, store.planned, service, int(setting.value)):
        evidence.note(f"{setting.where} says {setting.value}, as promised, which is no port of Service {service.where}")
        return None
    return f"{setting.where} says {setting.value}, which is no port of Service {service.where}"


@check(
    "CX309",
    "Store settings as documented",
    severity=Severity.MINOR,
    remedy="write the documented value into the ConfigMap, then restart what reads it; or record a waiver",
    rests_on=("CX101", "CX301"),
)
def check_documented_settings(store: Entry[Store], seen: Seen, evidence: Evidence) -> None:
    """Realm, client, bucket and the like that the components are told are the documented ones.

    A switch, such as the one for a replica set, may stand either way, and the store itself is asked for the bucket and
    the realm that the components are told (CX804): both are noted.
    """
    documented = [(one, key, value) for one in store.of.settings for key, value in one.also.items()]
    found = [
        (one, value, settings.also_values.get(key, ()))
        for settings, key, value in documented
        for one in keyed(seen, settings, key)
    ]
    if not found:
        raise NotApplicable("no component reads a further documented setting of this store")
    evidence.found = {one.where: one.value for one, *_ in found}
    evidence.promised = {key: value for _, key, value in documented}
    wrong = []
    for one, value, others in found:
        if one.is_template or one.value == value:
            continue
        is_switch = one.switched_on is not None and switch(value) is not None
        if is_switch or one.value in others or value in (store.of.bucket, store.of.realm):
            evidence.note(f"{one.where} is {one.value}, documented is {value}")
            continue
        wrong.append(f"{one.where} says {one.value} of promised {value}; it is read by {_some(one.readers)}")
    assert not wrong, "; ".join(wrong)


def _some(names: tuple[str, ...]) -> str:
    """Name the first three."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
