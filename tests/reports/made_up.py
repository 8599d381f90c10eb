"""Made-up runs: a conformant one, one with three failures, everything missing, an unreachable cluster."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import ClusterFacts, Input, RunRecord, WaiverState

STARTED = dt.datetime(2026, 11, 23, 2, 0, 5, tzinfo=dt.UTC)

COMPONENTS = (
    *("360-connector", "agent-manager", "bot-framework", "business-calendar", "ccm", "conversation-manager"),
    *("cx-tenant", "file-engine", "ipcc-connector", "license-manager", "media-routing-engine", "realtime-reports"),
    *("routing-engine", "scheduler", "state-event-logger", "surveys", "team-announcement", "twillio-connector"),
    *("unified-admin", "unified-agent", "web-channel-manager", "activemq", "apisix", "grafana", "keycloak", "minio"),
    *("mongo", "postgresql", "redis"),
)

CLUSTER = ClusterFacts(
    server="https://10.20.0.11:6443",
    context="acme-production",
    uid="3f0d0a52-5a6e-4b5e-9b1c-7a2c3f6f8a10",
    version="v1.36.2",
    distribution="rke2",
    nodes=3,
    storage_class="longhorn",
    ingress_classes=("nginx",),
    vantage="outside",
    requests=22,
    retries=1,
    seconds=1.24,
    images={"ccm": ("sha256:" + "a1" * 32,)},
)

CHECKS = (
    ("CX101", "Workload exists", "workloads", Severity.CRITICAL),
    ("CX103", "Rollout complete", "workloads", Severity.CRITICAL),
    ("CX201", "Service exists", "services", Severity.CRITICAL),
    ("CX203", "Service type", "services", Severity.MAJOR),
    ("CX206", "Ready endpoints", "services", Severity.CRITICAL),
    ("CX301", "ConfigMap exists", "config", Severity.MAJOR),
    ("CX402", "Volume claim bound", "storage", Severity.CRITICAL),
    ("CX501", "Ingress rule", "ingress", Severity.MAJOR),
    ("CX601", "Health endpoint", "health", Severity.CRITICAL),
    ("CX701", "Edge", "edges", Severity.CRITICAL),
    ("CX802", "Store speaks its protocol", "stores", Severity.CRITICAL),
)

AREAS_OF_ALL = frozenset({"workloads", "services", "config", "health", "edges"})
STORES = frozenset({"activemq", "minio", "mongo", "postgresql", "redis"})


def outcome(result: Result = Result.PASS, **changed: Any) -> Outcome:
    """Return an outcome about ccm's Service; ``changed`` replaces what it says."""
    one = Outcome(
        check="CX203",
        title="Service type",
        area="services",
        component="ccm",
        entry="ef-ccm-svc",
        severity=Severity.MAJOR,
        result=result,
        message="" if result is Result.PASS else "Service expertflow/ef-ccm-svc has type NodePort, promised ClusterIP",
        remedy="Set spec.type of the Service to ClusterIP.",
        evidence={"found": "NodePort", "promised": "ClusterIP", "object": "Service expertflow/ef-ccm-svc"}
        if result in {Result.FAIL, Result.WAIVED}
        else {},
        duration_ms=0.4,
    )
    return replace(one, **changed)


def record(*outcomes: Outcome, **changed: Any) -> RunRecord:
    """Return a run of ``outcomes``; ``changed`` replaces what it says."""
    made = RunRecord(
        started=STARTED,
        seconds=4.2,
        command="cx-conformance run --site acme.yaml --report out",
        suite_version="0.1.0",
        blueprint=Input(name="expertflow-cx", version="4.5.3", path="blueprint.yaml", sha256="b1" * 32),
        site=Input(name="acme-production", path="acme.yaml", sha256="c2" * 32),
        fqdn="cx.acme.example",
        cluster=CLUSTER,
        outcomes=outcomes,
        components=COMPONENTS,
    )
    return replace(made, **changed)


def _every() -> Iterator[Outcome]:
    for entry in ("expertflow", "ef-external"):
        yield outcome(check="CX001", title="Namespace exists", area="platform", component="platform", entry=entry)
    for component in COMPONENTS:
        for check, title, area, severity in CHECKS:
            if area in AREAS_OF_ALL or (component in STORES and area in {"storage", "stores"}):
                yield outcome(
                    check=check, title=title, area=area, component=component, entry=f"ef-{component}", severity=severity
                )


def _waiver(check: str, component: str, reason: str, expires: dt.date, state: str) -> WaiverState:
    return WaiverState(
        check=check, component=component, entry="", reason=reason, owner="J. Smith", expires=expires, state=state
    )


def conformant() -> RunRecord:
    """Return a run in which every promise is kept, one of them with a note, and one check had nothing to look at."""
    alias = outcome(
        check="CX501",
        title="Ingress rule",
        area="ingress",
        entry="/ccm",
        evidence={"found": "/ccm-old", "notes": ["the alias /ccm-old matched, not the documented /ccm"]},
    )
    nothing = outcome(
        Result.NOT_APPLICABLE, check="CX501", area="ingress", component="redis", message="n/a: no ingress is promised"
    )
    return record(*_every(), alias, nothing)


def three_failures() -> RunRecord:
    """Return a run with a missing workload that blocks others, two more failures, an error, and waivers."""
    blocked = {"CX103", "CX206", "CX601", "CX701"}
    outcomes = []
    for one in _every():
        match one.component, one.check:
            case "ccm", "CX101":
                outcomes.append(
                    replace(
                        one,
                        result=Result.FAIL,
                        message="Deployment expertflow/ef-ccm does not exist, promised by the blueprint",
                        remedy="Install the component, or leave it out of components.installed in the site file.",
                        evidence={
                            "promised": "Deployment ef-ccm",
                            "object": "Deployment expertflow/ef-ccm",
                        },
                    )
                )
            case "ccm", check if check in blocked:
                outcomes.append(replace(one, result=Result.BLOCKED, message="blocked: CX101 ccm", root="CX101 ccm"))
            case "unified-agent", "CX203":
                outcomes.append(replace(outcome(Result.FAIL), component="unified-agent", entry="ef-unified-agent"))
            case "minio", "CX402":
                outcomes.append(
                    replace(
                        one,
                        result=Result.FAIL,
                        message="PersistentVolumeClaim ef-external/minio is Pending for 42 min: "
                        "no StorageClass named 'fast-ssd'; promised Bound with 100Gi",
                        remedy="Create the StorageClass, or name an existing one in the claim, and delete the claim.",
                        evidence={
                            "found": "Pending",
                            "promised": "Bound",
                            "object": "PersistentVolumeClaim ef-external/minio",
                        },
                    )
                )
            case "redis", "CX802":
                outcomes.append(
                    replace(
                        one,
                        result=Result.ERROR,
                        message="forbidden: the account may not get secrets in namespace ef-external; grant it to look",
                        remedy="",
                    )
                )
            case "grafana", "CX601":
                outcomes.append(
                    replace(
                        one,
                        result=Result.WAIVED,
                        message="waived: moves to its own cluster (J. Smith, until 2026-12-31): "
                        "GET /api/health answered 503, promised 200",
                    )
                )
            case _:
                outcomes.append(one)
    waivers = (
        _waiver("CX601", "grafana", "moves to its own cluster", dt.date(2026, 12, 31), "in use"),
        _waiver("CX203", "unified-agent", "load balancer is late", dt.date(2026, 11, 1), "expired"),
        _waiver("CX402", "mongo", "volume was small", dt.date(2027, 1, 31), "no longer needed"),
    )
    return record(*outcomes, waivers=waivers, deselected=42, selection="--skip CX9*")


def everything_missing() -> RunRecord:
    """Return a run against an empty cluster: both namespaces are missing, all else waits for them."""
    outcomes = []
    for one in _every():
        if one.component == "platform":
            outcomes.append(
                replace(
                    one,
                    result=Result.FAIL,
                    severity=Severity.CRITICAL,
                    message=f"namespace {one.entry} does not exist, promised by the blueprint",
                    remedy="Install the platform, or map the namespace in the site file (namespaces).",
                    evidence={"promised": one.entry, "object": f"Namespace {one.entry}"},
                )
            )
        else:
            root = "CX001 ef-external" if one.component in COMPONENTS[-8:] else "CX001 expertflow"
            outcomes.append(replace(one, result=Result.BLOCKED, message=f"blocked: {root}", root=root))
    return record(*outcomes)


def unreachable() -> RunRecord:
    """Return a run whose cluster did not answer: one error, all else blocked by it."""
    error = outcome(
        Result.ERROR,
        check="CX000",
        title="Cluster answers",
        area="platform",
        component="platform",
        entry="cluster",
        severity=Severity.CRITICAL,
        message="the API server https://10.20.0.11:6443 did not answer in 5 s, 3 tries: connection refused",
        remedy="Check the server's address in the kubeconfig and the network from here to it.",
        evidence={},
    )
    blocked = (
        replace(one, result=Result.BLOCKED, message="blocked: CX000 cluster", root="CX000 cluster") for one in _every()
    )
    return record(error, *blocked, cluster=None)


def large(components: int = 200, outcomes_each: int = 100) -> RunRecord:
    """Return a run over many components; every seventh component has a failure."""
    names = tuple(f"component-{number:03}" for number in range(components))
    made = []
    for place, component in enumerate(names):
        for number in range(outcomes_each):
            check, title, area, severity = CHECKS[number % len(CHECKS)]
            result = Result.FAIL if number == 0 and place % 7 == 0 else Result.PASS
            one = outcome(
                result, check=check, title=title, area=area, component=component, entry=f"e{number}", severity=severity
            )
            made.append(one)
    return record(*made, components=names)
