"""What a run asks of the API server, as the permissions that it needs: the one source of ``rbac`` and ``preflight``.

Static runs list kinds and get Secrets by name; live runs also read what logins refer to, exec and port-forward. Lists
need no cluster-wide right: where that is forbidden, a look lists each namespace that matters.
https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cx_conformance.blueprint.component import Kind as WorkloadKind
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Credentials
from cx_conformance.blueprint.store import Reference
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.extensions import EXTENSIONS
from cx_conformance.cluster.kinds import KINDS, WORKLOADS
from cx_conformance.cluster.snapshot import STATIC_KINDS
from cx_conformance.cluster.snapshot_record import Place, Snapshot
from cx_conformance.objects.apisix_route import ApisixRoute
from cx_conformance.objects.event import Event
from cx_conformance.objects.ingress import Ingress
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.workload import Workload

_BY_THE_GUIDES = ("ef-ingress-tls-secret", "expertflow-reg-cred", "ef-gitlab-secret")
EXEC = "pods/exec"
PORT_FORWARD = "pods/portforward"
DEBUG = "pods/ephemeralcontainers"
LOG = "pods/log"

# The WebSocket handshake is a GET; servers from 1.35 ask for ``create`` too (KEP-4006).
_STREAM_VERBS = ("get", "create")


class Right(Struct, frozen=True, kw_only=True):
    """One permission: ``verb`` on ``resource`` (with its subresource), in ``namespace`` (None: cluster-wide).

    ``name`` is that of the one object it is for, empty for all of them.
    """

    verb: str
    resource: str
    namespace: str | None
    group: str = ""
    name: str = ""

    @property
    def words(self) -> str:
        """The permission as messages name it: ``list pods in namespace expertflow``."""
        what = f"{self.resource}/{self.name}" if self.name else self.resource
        return f"{self.verb} {what} {f'in namespace {self.namespace}' if self.namespace else 'cluster-wide'}"


def kinds_for(plan: Plan) -> tuple[type[ApiObject], ...]:
    """Return the kinds that a static run lists at first.

    A kind of workload that nothing is promised to be costs a request, and tells something only where a promised one is
    missing.
    """
    unwanted = {WORKLOADS[kind] for kind in WorkloadKind if kind not in plan.kinds}
    return tuple(kind for kind in STATIC_KINDS if kind not in unwanted)


def every_kind_for(plan: Plan) -> tuple[type[ApiObject], ...]:
    """Return the kinds that are listed where a promised workload is missing: perhaps it was installed as another."""
    return tuple(dict.fromkeys((*kinds_for(plan), *WORKLOADS.values())))


def rights(
    plan: Plan,
    *,
    static: bool,
    inside: bool = False,
    referred: Iterable[Place] = (),
    namespaces: Iterable[str] | None = None,
) -> tuple[Right, ...]:
    """Return every permission that a run of ``plan`` needs, each once.

    ``inside`` is a run in the cluster, which reaches pods without port-forward. ``referred`` are Secrets (namespace,
    name) that the plan does not know: those that pods, workloads and Ingresses refer to. ``namespaces`` are those that
    exist; None: all that the plan names, some of them alternatives to others.
    """
    places = tuple(name for name in plan.namespaces if namespaces is None or name in set(namespaces))
    found = [*_lists(plan, places), *_secrets(plan, referred)]
    if not static:
        found += [*_logins(plan), *_streams(plan, inside=inside)]
    found = [one for one in found if one.namespace is None or one.namespace in places]
    return tuple(dict.fromkeys([*found, *(() if static else _user_login(plan)), *_publishing(plan)]))


def rights_to_make(
    plan: Plan, *, probe_pods: bool, debug_containers: bool, namespaces: Iterable[str] | None = None
) -> tuple[Right, ...]:
    """Return what it takes to look from probe pods, or debug containers: to make one, to follow it, to read its log.

    ``namespaces`` are those that exist; None: all that the plan names.
    """
    verbs = [("get", "pods"), ("get", LOG)] if probe_pods or debug_containers else []
    verbs += [("create", "pods"), ("delete", "pods")] if probe_pods else []
    verbs += [("patch", DEBUG)] if debug_containers else []
    places = dict.fromkeys(name for edge in plan.edges for name in edge.caller.namespaces)
    known = set(places) if namespaces is None else set(namespaces)
    return tuple(
        Right(verb=verb, resource=resource, namespace=namespace)
        for namespace in places
        if namespace in known
        for verb, resource in verbs
    )


def rights_to_logs(plan: Plan, namespaces: Iterable[str] | None = None) -> tuple[Right, ...]:
    """Return what the evidence in a pack asks for beyond a run: the last log lines of containers that fail.

    ``namespaces`` are those that exist; None: all that the plan names.
    """
    known = set(plan.namespaces) if namespaces is None else set(namespaces)
    return tuple(Right(verb="get", resource=LOG, namespace=name) for name in plan.namespaces if name in known)


def rights_to_helm(plan: Plan, namespaces: Iterable[str] | None = None) -> tuple[Right, ...]:
    """Return what is needed to read the labels of Helm's records: whoever may list Secrets may read them all.

    A run goes on without it. ``namespaces`` are those that exist; None: all that the plan names.
    """
    known = set(plan.namespaces) if namespaces is None else set(namespaces)
    return tuple(Right(verb="list", resource="secrets", namespace=name) for name in plan.namespaces if name in known)


def existing(snapshot: Snapshot) -> tuple[str, ...]:
    """Return those of the snapshot's namespaces that exist; raises CouldNotLook when that could not be seen."""
    return tuple(name for name in snapshot.namespaces if snapshot.get(Namespace, None, name) is not None)


def referred_secrets(snapshot: Snapshot) -> frozenset[Place]:
    """Return the Secrets that were asked for, whatever came of it; no right on Secrets is needed to know their names.

    Raises CouldNotLook when pods, workloads or Ingresses could not be seen: then some names are missing.
    """
    naming = [kind for kind in snapshot.listings if kind in (Pod, Ingress) or issubclass(kind, Workload)]
    for kind in naming:
        for namespace in existing(snapshot):
            snapshot.list(kind, namespace)
    return frozenset(snapshot.secrets)


def usual_secrets(plan: Plan) -> frozenset[Place]:
    """Return the Secrets that pods and Ingresses refer to by the vendor's guides and charts.

    Nobody promises them on the page; the guides have pull and TLS Secrets made in every namespace of the platform. Of
    those that hold a store's authority a copy may stand in any of them, under the same name.
    """
    made = {(one.namespace, name) for one in plan.prerequisites if one.kind == "Secret" for name in one.candidates}
    return frozenset(
        made | {(namespace, name) for namespace in plan.namespaces for name in (*_BY_THE_GUIDES, *plan.authorities)}
    )


def _lists(plan: Plan, places: tuple[str, ...]) -> Iterator[Right]:
    records: tuple[type[ApiObject], ...] = (Namespace, *every_kind_for(plan), Event, ApisixRoute, *EXTENSIONS)
    kinds = [KINDS[record] for record in records]
    for kind in kinds:
        if not kind.namespaced:
            yield Right(verb="list", resource=kind.plural, namespace=None, group=kind.group)
    for place in places:
        for kind in kinds:
            if kind.namespaced:
                yield Right(verb="list", resource=kind.plural, namespace=place, group=kind.group)


def _secrets(plan: Plan, referred: Iterable[Place]) -> Iterator[Right]:
    promised = {place for alternatives in plan.secrets for place in alternatives}
    for namespace, name in sorted({*promised, *referred}):
        yield Right(verb="get", resource="secrets", namespace=namespace, name=name)


def login_places(plan: Plan) -> frozenset[tuple[str | None, str, str]]:
    """Return what logins to the stores and a person's read: namespace, resource (secrets or configmaps), name."""
    return frozenset((one.namespace, one.resource, one.name) for one in (*_logins(plan), *_user_login(plan)))


def _logins(plan: Plan) -> Iterator[Right]:
    for planned in plan.components.values():
        for reference in _references(plan, planned):
            resource, name = ("secrets", reference.secret) if reference.secret else ("configmaps", reference.config_map)
            for namespace in (reference.namespace,) if reference.namespace else planned.namespaces:
                if name:
                    yield Right(verb="get", resource=resource, namespace=namespace, name=name)
        for namespace, name in _told(plan, planned):
            yield Right(verb="get", resource="configmaps", namespace=namespace, name=name)


def _told(plan: Plan, planned: Planned) -> Iterator[Place]:
    """Yield the ConfigMaps, wherever they are documented, that tell components the password of this store."""
    for settings in planned.facts.store.settings if planned.facts.store else ():
        if settings.password is None:
            continue
        for reader in plan.components.values():
            for name in (settings.config_map, *settings.aliases):
                if any(name in one.candidates for one in reader.facts.config_maps):
                    yield from ((namespace, name) for namespace in reader.namespaces)


def _references(plan: Plan, planned: Planned) -> Iterator[Reference]:
    """Yield what a login to the component's store reads; the site's own credentials come before the charts'."""
    store = planned.facts.store
    if store is None:
        return
    given = plan.site.credentials.get(planned.id, Credentials())
    # Also Keycloak's administrator, whose login is tried only where the site says so: copies of the password are
    # compared with the store's own.
    login = given.login or store.login
    tls = given.tls or store.tls
    read = (login.username_from, login.password) if login else ()
    certificates = (tls.ca, tls.client_certificate, tls.client_key) if tls else ()
    yield from (one for one in (*read, *certificates) if one is not None)


def _user_login(plan: Plan) -> Iterator[Right]:
    """Yield what a person's account is read from, wherever it lies."""
    return _wherever(plan.site.login.references if plan.site.login else ())


def _publishing(plan: Plan) -> Iterator[Right]:
    """Yield what an account for reports is read from, wherever it lies."""
    given = plan.site.publish
    return _wherever((given.access_key, given.secret_key, given.ca) if given else ())


def _wherever(references: Iterable[Reference | None]) -> Iterator[Right]:
    for one in references:
        name = one and (one.secret or one.config_map)
        if one and name:
            resource = "secrets" if one.secret else "configmaps"
            yield Right(verb="get", resource=resource, namespace=one.namespace, name=name)


def _streams(plan: Plan, *, inside: bool) -> Iterator[Right]:
    callers = {edge.caller.id for edge in plan.edges}
    entered = [
        one
        for one in plan.components.values()
        if one.id in callers
        or one.facts.volumes
        or one.facts.container_ports
        or any(health.command for health in one.facts.health)
    ]
    yield from _stream(EXEC, entered)
    if not inside:
        asked = [
            one
            for one in plan.components.values()
            if one.facts.health or one.facts.store or (one.facts.service and one.facts.service.ports)
        ]
        yield from _stream(PORT_FORWARD, asked)


def _stream(resource: str, components: Iterable[Planned]) -> Iterator[Right]:
    for namespace in dict.fromkeys(name for one in components for name in one.namespaces):
        for verb in _STREAM_VERBS:
            yield Right(verb=verb, resource=resource, namespace=namespace)
