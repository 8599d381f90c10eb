"""The shape of ``report.json``: what is published as its JSON Schema, and what every report is held to that is read.

A report may come from anybody. What has a default here is missing in reports of earlier versions; what is not declared
is refused, but for evidence and what parts of the suite record, of which only what readers rely on is declared.
"""

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.verdict import Verdict
from cx_conformance.reports.formats.report_values import (
    Area,
    Closed,
    Count,
    Day,
    Duration,
    Moment,
    Open,
    Shallow,
    Whole,
)

SCHEMA_ID: Final = "urn:cx-conformance:report:1"
"""Names the shape of a report; its number grows when a reader of the old shape would misread the new one."""


class File(Whole):
    """A file that the run was made from."""

    name: str
    """Its own name."""
    version: str = ""
    """Its own version."""
    path: str = ""
    """Where it was read from."""
    sha256: str = ""
    """Hash of the file's bytes."""


class ReleaseShape(Whole):
    """Which release of the platform was promised, and which one stands there."""

    promised: str = ""
    """The release whose promises were checked; empty: a blueprint file was given."""
    chosen: Literal["recognised", "option", "site", "sandbox", "newest", "blueprint", "assumed"]
    """Who chose it."""
    version: str = ""
    """The release that is installed, as far as it was recognised."""
    model: Literal["charts", "manifests", ""] = ""
    """How it was installed; empty: not known."""
    by: str = ""
    """How it was recognised."""
    sure: Literal["certain", "likely", "assumed", ""] = ""
    """How sure that is."""
    told: list[str] = Field(default_factory=list)
    """What does not fit together, and what stands for what: a sentence each."""
    covered: str = ""
    """How much of what is installed is promised, such as 27 of 54 workloads."""
    not_covered: list[str] = Field(default_factory=list)
    """What is installed and no promise knows: kind, namespace and name."""


class ClusterShape(Whole):
    """Which cluster was looked at, and how."""

    server: str = ""
    """Address of the API server, or path of a snapshot."""
    context: str = ""
    """Context of the kubeconfig."""
    uid: str = ""
    """The uid of namespace kube-system, which identifies a cluster."""
    version: str = ""
    """Version of Kubernetes."""
    distribution: str = ""
    """Distribution of Kubernetes."""
    nodes: Count = 0
    """Nodes."""
    storage_class: str = ""
    """The default StorageClass."""
    ingress_classes: list[str] = Field(default_factory=list)
    """Names of IngressClasses."""
    ingress_controllers: list[str] = Field(default_factory=list)
    """What serves them: names of controllers."""
    load_balancers: list[str] = Field(default_factory=list)
    """Services of type LoadBalancer, each with its addresses."""
    vantage: str = ""
    """From where it was looked at: outside, in-cluster, snapshot."""
    requests: Count = 0
    """API requests of the whole run; of a snapshot, those that it took."""
    execs: Count = 0
    """Programs run in containers."""
    port_forwards: Count = 0
    """Sessions of port-forward."""
    retries: Count = 0
    """API requests that had to be repeated."""
    seconds: Duration = 0.0
    """Duration of the look at the API."""
    cautions: list[str] = Field(default_factory=list)
    """What makes the word of the API server, or the account's credentials, less safe than they should be."""
    images: dict[str, list[str]]
    """Image digests by component."""


class EdgeShape(Whole):
    """One call that the blueprint documents."""

    caller: str
    """Component that calls."""
    callee: str
    """Component or party that is called."""
    port: int | None = None
    """Port of its Service; null: an external party."""
    documented: bool = True
    """The page has it; otherwise only the vendor's charts or documents do."""


class WaiverShape(Whole):
    """A waiver of the site, and whether it was needed."""

    check: str
    """The check that is waived."""
    component: str
    """The component it is waived for."""
    entry: str
    """The entry it is waived for."""
    reason: str
    """Why."""
    owner: str
    """Who accepted it."""
    expires: Day
    """The last day on which it holds."""
    state: str
    """in use, expired, no longer needed, matches nothing, or not looked at."""


class Extra(Open):
    """What else a part of the suite recorded of the run."""

    writes: list[str] = Field(default_factory=list)
    """What was written to stores."""
    cluster_writes: list[str] = Field(default_factory=list)
    """What was written to the cluster."""
    calls_leading_nowhere: list[str] = Field(default_factory=list)
    """Calls of the blueprint that there is nothing to look at for."""


class RunShape(Whole):
    """The circumstances of the run."""

    started: Moment
    """UTC."""
    local_time: str = ""
    """The same moment where it was run, ISO 8601; empty: not known."""
    who: str = ""
    """Account and machine that it was run by."""
    seconds: Duration
    """Duration of the whole run."""
    command: str
    """The command line, without secrets."""
    suite_version: str
    """Version of this suite."""
    blueprint: File
    """The blueprint that the cluster was compared with."""
    site: File
    """The site file; an empty name: none was given."""
    fqdn: str = ""
    """Host name of the installation."""
    release: ReleaseShape | None = None
    """Null: nothing could be looked at."""
    cluster: ClusterShape | None
    """Null: it could not be reached."""
    static: bool = False
    """Only the API was looked at: no exec, no tunnel, no login."""
    components: list[str]
    """Ids of the components of the plan, in the page's order."""
    groups: dict[str, Literal["internal", "external", "party"]] = Field(default_factory=dict)
    """What each component is, and each external party that is called."""
    edges: list[EdgeShape] = Field(default_factory=list)
    """Who calls whom, in the page's order."""
    deselected: Count = 0
    """Outcomes that the plan implies and the user left out."""
    selection: str = ""
    """The options by which they were left out."""
    waivers: list[WaiverShape]
    """Every waiver of the site."""
    interrupted: bool = False
    """The run was stopped before its end."""
    extra: Annotated[Extra, Shallow] = Extra.model_construct()
    """What else a part of the suite recorded of the run."""


class EvidenceShape(Open):
    """What was seen: found, promised, object, notes and more."""

    object: str | None = None
    """The object that was looked at."""
    cause: str | None = None
    """What is at fault that others may share."""
    causes: list[str] = Field(default_factory=list)
    """The same where there are several."""
    follows: str | None = None
    """The outcome of which this failure is the consequence: ``CX603 ccm [8081]``."""
    notes: list[str] = Field(default_factory=list)
    """What a reader should know although the promise is kept."""
    waived_result: Annotated[Result | None, Field(strict=False)] = None
    """For a waived outcome: how the check ended."""
    led_by: Annotated[str | None, Field(alias="led by")] = None
    """The component whose configuration leads to this one."""


class OutcomeShape(Closed):
    """How one check ended for one entry."""

    check: Annotated[str, Field(pattern="^CX[0-9]{3}$")]
    """ID of the check."""
    title: str
    """Title of the check."""
    area: Area
    """What the check is about."""
    component: str
    """Id of the component; platform for what is about the cluster as a whole."""
    entry: str
    """What the check ran once for."""
    severity: Annotated[Severity, Field(strict=False)]
    """How bad it is when the promise is broken."""
    outcome: Annotated[Result, Field(strict=False)]
    """How the check ended."""
    message: str
    """What was found, of what was promised; empty for a kept promise."""
    evidence: Annotated[EvidenceShape, Shallow]
    """What was seen: found, promised, object, notes and more."""
    vantage: str
    """Where the look was taken from."""
    tries: Count
    """How often it was tried."""
    duration_ms: Duration
    """Milliseconds."""
    remedy: str = ""
    """What to do; where something is to be done."""
    root: str | None = None
    """For a blocked outcome: the check, and the component or entry, that blocks it."""
    root_entry: str | None = None
    """For a blocked outcome: the entry of that check and component that blocks it."""


class Report(Closed):
    """One run of the suite against one cluster: verdict, circumstances, and every outcome."""

    model_config = ConfigDict(title="Conformance report")

    schema_: Annotated[Literal["urn:cx-conformance:report:1"], Field(alias="schema")]
    """Names this shape."""
    verdict: Annotated[Verdict, Field(strict=False)]
    """What the run says of the platform."""
    partial: bool
    """Something that the blueprint and the site imply was left out or cut off."""
    run: RunShape
    """The circumstances of the run."""
    outcomes: list[OutcomeShape]
    """Ordered by area, component, check and entry."""
