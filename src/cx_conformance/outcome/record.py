"""A run, as every report is written from it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from cx_conformance.outcome.outcome import Outcome
from cx_conformance.outcome.verdict import Verdict, verdict_of


class ClusterFacts(Struct, frozen=True, kw_only=True):
    """Which cluster was looked at, and how."""

    server: str = ""
    """Address of the API server, or the path of a snapshot and when it was taken."""
    context: str = ""
    uid: str = ""
    """The uid of namespace kube-system, which identifies a cluster."""
    version: str = ""
    distribution: str = ""
    nodes: int = 0
    storage_class: str = ""
    ingress_classes: tuple[str, ...] = ()
    ingress_controllers: tuple[str, ...] = ()
    """What serves them, as each names it: ``k8s.io/ingress-nginx``."""
    load_balancers: tuple[str, ...] = ()
    """Services of type LoadBalancer with their addresses."""
    vantage: str = ""
    """From where it was looked at: ``outside``, ``in-cluster``, ``snapshot``."""
    requests: int = 0
    """API requests of the whole run so far; of a snapshot, those that it took."""
    execs: int = 0
    """Programs run in containers."""
    port_forwards: int = 0
    """Sessions of port-forward; each may carry many connections."""
    retries: int = 0
    """How many of the requests and upgrades had to be repeated."""
    seconds: float = 0.0
    """Duration of the look at the API."""
    cautions: tuple[str, ...] = ()
    """What makes the word of the API server, or the account's credentials, less safe than they should be."""
    images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Image digests by component."""


class Input(Struct, frozen=True, kw_only=True):
    """A file that the run was made from."""

    name: str
    version: str = ""
    path: str = ""
    sha256: str = ""


class ReleaseRecord(Struct, frozen=True, kw_only=True):
    """Which release of the platform was promised, which one stands there, and how much of that is promised."""

    promised: str = ""
    """The release whose promises were checked; empty: a blueprint file was given."""
    chosen: str = ""
    """Who chose it: ``recognised``, ``option``, ``site``, ``sandbox``, ``blueprint``, or ``assumed``."""
    version: str = ""
    """The release that is installed, as far as it was recognised: ``4.8``."""
    model: str = ""
    """How it was installed: ``charts`` or ``manifests``; empty: not recognised."""
    by: str = ""
    """How it was recognised, in words."""
    sure: str = ""
    """How sure that is: ``certain``, ``likely`` or ``assumed``."""
    told: tuple[str, ...] = ()
    """What does not fit together, and what stands for what: a line each."""
    covered: str = ""
    """How much of what is installed is promised: ``27 of 54 workloads``; empty: it could not be counted."""
    not_covered: tuple[str, ...] = ()
    """What stands in the platform's namespaces and no promise knows."""

    @property
    def words(self) -> str:
        """Which release, how it was recognised, and how sure that is, in one line."""
        by_model = f" by {self.model}" if self.model else ""
        recognised = f"{self.version}{by_model}, {self.sure}: {self.by}" if self.model else self.by or "not looked at"
        match self.chosen:
            case "recognised":
                return recognised
            case "newest":
                return f"{self.promised}, the newest: nobody says which is to be installed (--release)"
            case "assumed":
                return f"{self.promised}, assumed: {recognised}"
            case "blueprint":
                return f"that of the blueprint given; installed is {recognised}"
            case _:
                who = {"option": "--release", "site": "the site file", "sandbox": "the embedded cluster"}[self.chosen]
                return f"{self.promised}, says {who}; installed is {recognised}"


class WaiverState(Struct, frozen=True, kw_only=True):
    """A waiver of the site and whether it was needed."""

    check: str
    component: str
    entry: str
    reason: str
    owner: str
    expires: dt.date
    state: str


class EdgeRecord(Struct, frozen=True, kw_only=True):
    """One call that the blueprint documents, for the picture of the platform."""

    caller: str
    callee: str
    port: int | None = None
    """Port of the callee's Service; None: the callee is an external party."""
    documented: bool = True
    """Whether the page has it; otherwise only the vendor's charts or documents do."""

    @property
    def entry(self) -> str:
        """Return how the outcomes of this edge name it: ``ccm -> mongo:27017``."""
        return f"{self.caller} -> {self.callee}:{self.port}"


class RunRecord(Struct, frozen=True, kw_only=True):
    """One run, whole."""

    started: dt.datetime
    """UTC."""
    local_time: str = ""
    """The same moment where it was run, ISO 8601 with its distance from UTC."""
    who: str = ""
    """Account and machine that it was run by: ``jsmith@jump-host``."""
    seconds: float
    command: str
    """The command line that made it, without secrets."""
    suite_version: str
    blueprint: Input
    site: Input
    fqdn: str = ""
    release: ReleaseRecord | None = None
    """None: an earlier version of the suite did not say."""
    cluster: ClusterFacts | None = None
    """None: the cluster could not be reached."""
    static: bool = False
    outcomes: tuple[Outcome, ...] = ()
    components: tuple[str, ...] = ()
    """The components of the plan, in the page's order."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """What each component and party is: ``internal``, ``external`` (a store, say), ``party``."""
    edges: tuple[EdgeRecord, ...] = ()
    """Who calls whom, in the page's order."""
    deselected: int = 0
    """Outcomes that the plan implies and the user left out."""
    selection: str = ""
    """By which options they were left out."""
    waivers: tuple[WaiverState, ...] = ()
    interrupted: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Return what the run says of the platform."""
        found = verdict_of(self.outcomes)
        if (self.interrupted or self.crash) and found in (Verdict.CONFORMANT, Verdict.DEVIATIONS):
            return Verdict.INCONCLUSIVE
        return found

    @property
    def crash(self) -> str:
        """Return how the suite itself broke, in a sentence; empty when it did not."""
        held = self.extra.get("crash")
        return str(held.get("words", "")) if isinstance(held, Mapping) else ""

    @property
    def partial(self) -> bool:
        """Whether something that the plan implies was left out or cut off."""
        return bool(self.deselected or self.interrupted or self.crash)
