"""What only the inside of a container shows, judged on containers that print what real ones do."""

from collections.abc import Callable, Sequence

import pytest

from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits, ExecResult
from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.looking import Forbidden, NoVantage
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.vantage.inquiries import Inquiries
from cx_conformance.vantage.insides import InsideProbes
from tests.checks.installation import Installation, Object, blueprint
from tests.probes.inquired import Inquired, section

KUBELETS = "/dev/vda1 /dev/termination-log ext4 rw,relatime 0 0\n"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ANYWHERE, LOOPBACK, POD = "00000000", "0100007F", "0700F40A"
POD_IP = "10.244.0.7"


class Container(Inquired):
    """Answers what is read in it, and where links lead; raises instead where it is told to."""

    def __init__(
        self, proc: str, links: dict[str, str] | None = None, trouble: Exception | None = None, room: str = ""
    ) -> None:
        """Show ``proc``, and ``room`` as the last line of df."""
        self._proc = proc
        self._links = links or {}
        self._room = f"{{0}} room {room}\n".encode() if room else b""
        super().__init__(self._shown, trouble)

    def _shown(self, kind: str, _: int, rest: tuple[str, ...]) -> bytes:
        if kind == "proc":
            return section(self._proc)
        real = f"{{0}} real {self._links[rest[0]]}\n".encode() if rest[0] in self._links else b""
        return real + self._room


def mounted(*paths: str) -> str:
    """Return the lines of /proc/mounts for ``paths``."""
    return "".join(f"/dev/vda1 {path} ext4 rw,relatime 0 0\n" for path in paths)


def listens(address: str, port: int) -> str:
    """Return the line of /proc/net/tcp for a listening socket."""
    return f"   0: {address}:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n"


def with_pod_ip(pod: Object) -> None:
    """Give the pod an address as pods have."""
    pod["status"] |= {"podIP": POD_IP, "podIPs": [{"ip": POD_IP}]}


def judged(
    check: str,
    component: str,
    container: Container,
    entry: str | None = None,
    change: tuple[str, Callable[[Object], None]] = ("Pod", lambda _: None),
) -> Outcome:
    """Judge a component whose containers are ``container``, and objects of one kind a test's change."""
    installation = Installation(site={"components": {"only": [component]}})
    installation.live("Pod", "", with_pod_ip)
    kind, changed = change
    installation.live(kind, "", changed)
    plan = Plan(blueprint(), installation.site)
    seen = Seen(installation.snapshot(plan), plan)
    inquiries = Inquiries(container)
    installation.probes["inside_probes"] = InsideProbes(seen, inquiries)
    outcome = installation.outcome(check, component, entry)
    inquiries.close()
    return outcome


def test_a_check_of_ones_own_asks_a_container_by_testinfra() -> None:
    """A host is the component's own container in its ready pod; one that cannot be entered answers nothing."""
    installation = Installation(site={"components": {"only": ["redis"]}})
    plan = Plan(blueprint(), installation.site)
    asked: list[tuple[str, ...]] = []

    def run(place: ContainerPlace, argv: Sequence[str], _stdin: bytes, _limits: ExecLimits, /) -> ExecResult:
        asked.append((place.namespace, place.pod, place.container or "", argv[-1]))
        if "/srv" in argv[-1]:
            raise NoVantage("it is gone")
        return ExecResult(
            stdout=b"Linux" if "uname" in argv[-1] else b"",
            stderr=b"",
            exit_code=0,
            ending=Ending.EXITED,
            milliseconds=1.0,
        )

    probes = InsideProbes(Seen(installation.snapshot(plan), plan), Inquiries(run))
    (host,) = probes.hosts(plan.components["redis"])
    assert host.file("/data").exists
    assert asked[-1] == ("ef-external", "redis-0", "redis", "test -e /data")
    with pytest.raises(NoVantage, match="it is gone"):
        _ = host.file("/srv").exists


def test_a_volume_that_is_mounted_is_seen() -> None:
    """Blanks in other paths, and what the kubelet mounts, do no harm."""
    view = KUBELETS + mounted("/data", "/mnt/my\\040disk") + HEAD
    outcome = judged("CX408", "redis", Container(view))
    assert (outcome.result, outcome.vantage) == (Result.PASS, "exec")


def test_a_volume_that_is_not_mounted_is_found() -> None:
    """The pod's spec has it, the container has not."""
    outcome = judged("CX408", "redis", Container(KUBELETS + mounted("/data/other") + HEAD))
    assert outcome.result is Result.FAIL
    assert outcome.message == "pod ef-external/redis-0 container redis has nothing mounted at /data"


def test_a_mount_behind_a_link_is_seen() -> None:
    """Mounts are listed by their real path."""
    container = Container(KUBELETS + mounted("/run/data") + HEAD, links={"/data": "/run/data"})
    assert judged("CX408", "redis", container).result is Result.PASS


@pytest.mark.parametrize(
    "options", ["ro,relatime", "rw,relatime,emergency_ro"], ids=["ext4", "ext4 from Linux 6.15 on"]
)
def test_a_claim_whose_file_system_became_read_only_is_found(options: str) -> None:
    """So a volume of Longhorn ends up after an error of its disk, under a pod that stays ready.

    https://github.com/longhorn/longhorn/issues/2850
    """
    outcome = judged("CX408", "redis", Container(KUBELETS + f"/dev/sdb /data ext4 {options} 0 0\n" + HEAD))
    assert outcome.result is Result.FAIL
    assert "container redis cannot write to /data: it is mounted read-only, though not by the pod's spec" in (
        outcome.message
    )


def test_what_the_pods_spec_itself_has_read_only_is_accepted() -> None:
    """Single mounts and whole claims can be, and what Secrets and ConfigMaps hold always is."""
    read_only = "tmpfs {} tmpfs ro,relatime 0 0\n"

    def of_mount(pod: Object) -> None:
        pod["spec"]["containers"][0]["volumeMounts"][0]["readOnly"] = True

    def for_reading(claim: Object) -> None:
        claim["spec"]["accessModes"] = ["ReadOnlyMany"]

    def of_claim(pod: Object) -> None:
        for volume in pod["spec"]["volumes"]:
            if "persistentVolumeClaim" in volume:
                volume["persistentVolumeClaim"]["readOnly"] = True

    for kind, change in (("Pod", of_mount), ("Pod", of_claim), ("PersistentVolumeClaim", for_reading)):
        view = Container(KUBELETS + read_only.format("/data") + HEAD)
        assert judged("CX408", "redis", view, change=(kind, change)).result is Result.PASS


@pytest.mark.parametrize(
    ("room", "result", "words"),
    [
        ("/dev/sdb 8154588 8138204 0 100% /data", Result.FAIL, "it is full, 0 MiB of 7963 MiB are left"),
        ("//nas/my share 8154588 8154588 -20 101% /data", Result.FAIL, "it is full, 0 MiB of 7963 MiB are left"),
        ("/dev/sdb 8154588 7954588 200000 98% /data", Result.PASS, "has little room at /data: 195 MiB of 7963 MiB"),
        ("/dev/sdb 8154588 4154588 4000000 51% /data", Result.PASS, ""),
        ("fuse 0 0 0 - /data", Result.PASS, ""),
        ("df: /data: Stale file handle", Result.PASS, ""),
    ],
    ids=["full", "overfull", "nearly full", "half full", "not told", "no answer"],
)
def test_a_claim_that_is_full_is_found(room: str, result: Result, words: str) -> None:
    """Whoever writes to it fails, be the claim as large as promised; little room is noted."""
    outcome = judged("CX408", "redis", Container(KUBELETS + mounted("/data") + HEAD, room=room))
    assert outcome.result is result
    assert words in f"{outcome.message} {outcome.evidence.get('notes')}"
    assert bool(words) == bool(outcome.message or outcome.evidence.get("notes"))


def test_each_of_several_volumes_is_told_by_itself_and_the_container_read_once() -> None:
    """One exec serves all of them."""
    view = KUBELETS + mounted("/app/actions", "/app/actions/utils") + HEAD
    container = Container(view)
    outcome = judged("CX408", "conversation-controller", container, "ef-conversation-controller-pycache")
    assert "has nothing mounted at /app/actions/__pycache__" in outcome.message
    assert len(container.asked) == 1


def test_a_container_that_shows_no_mounts_at_all_is_no_failure() -> None:
    """Some runtimes hide them; where the kubelet's own are not seen, nothing is known of the others."""
    outcome = judged("CX408", "redis", Container(mounted("/") + HEAD))
    assert outcome.message.startswith("n/a: the containers do not show their mounts")


def test_a_claim_without_a_documented_path_is_looked_for_where_the_pod_has_it() -> None:
    """The page names no mount point for PostgreSQL's volume."""
    outcome = judged("CX408", "postgresql", Container(KUBELETS + HEAD))
    assert outcome.result is Result.FAIL
    assert "container postgresql has nothing mounted at /" in outcome.message


@pytest.mark.parametrize("address", [ANYWHERE, POD])
def test_a_process_that_listens_for_others_is_seen(address: str) -> None:
    """On every address, or on the pod's own."""
    outcome = judged("CX603", "ccm", Container(KUBELETS + HEAD + listens(address, 8081)))
    assert (outcome.result, outcome.vantage) == (Result.PASS, "exec")


def test_a_process_that_listens_on_loopback_only_is_found() -> None:
    """A port-forward reaches it, no other pod does."""
    outcome = judged("CX603", "ccm", Container(HEAD + listens(LOOPBACK, 8081)))
    assert outcome.result is Result.FAIL
    assert outcome.message.endswith("port 8081 is listened on at 127.0.0.1 only, where no other pod reaches it")


def test_a_process_that_listens_elsewhere_is_found_and_where_is_told() -> None:
    """The port that is there is most often the misconfigured one."""
    outcome = judged("CX603", "ccm", Container(HEAD + listens(ANYWHERE, 8080) + listens(LOOPBACK, 9000)))
    assert outcome.message.endswith(": nothing listens on port 8081; there is 8080")


def test_an_optional_port_may_be_closed_and_may_be_open() -> None:
    """The charts open no 8443 for Keycloak, the page does."""
    closed = judged("CX603", "keycloak", Container(HEAD + listens(ANYWHERE, 8080)), "8443")
    assert closed.message == "n/a: nothing listens, which is accepted: the charts open no 8443"
    opened = judged("CX603", "keycloak", Container(HEAD + listens(ANYWHERE, 8443)), "8443")
    assert opened.result is Result.PASS


@pytest.mark.parametrize(
    "container", [Container("", trouble=NoVantage("container ccm has no program sh that can be run")), Container("")]
)
def test_a_container_without_a_shell_or_proc_is_not_applicable(container: Container) -> None:
    """Nothing is promised about what images hold; the API's own view stands."""
    assert judged("CX603", "ccm", container).message.startswith("n/a: not to be seen from inside: ")


def test_a_forbidden_exec_is_an_error_that_names_the_permission() -> None:
    """Who may not look has not seen."""
    outcome = judged("CX603", "ccm", Container("", trouble=Forbidden("create", "pods/exec", "expertflow")))
    assert outcome.result is Result.ERROR
    assert "may not create pods/exec" in outcome.message


def test_what_listens_is_found_among_many_connections() -> None:
    """A broker at its busiest shows more than a million bytes of them."""
    connection = f"   1: {POD}:F0A5 0800F40A:A3C1 01 00000000:00000000 02:000A7214 00000000     0        0 31337 2\n"
    outcome = judged("CX603", "redis", Container(KUBELETS + HEAD + connection * 30_000 + listens(ANYWHERE, 6379)))
    assert outcome.result is Result.PASS


@pytest.mark.parametrize(("check", "component"), [("CX408", "redis"), ("CX603", "ccm")])
def test_what_cannot_be_seen_from_inside_is_told_so(check: str, component: str) -> None:
    """Mounts and sockets alike."""
    container = Container("", trouble=NoVantage("no program sh"))
    assert judged(check, component, container).message == "n/a: not to be seen from inside: no program sh"


def test_what_is_seen_from_inside_is_told() -> None:
    """Where it is mounted, and on which addresses something listens."""
    mounts = judged("CX408", "redis", Container(KUBELETS + mounted("/data") + HEAD))
    assert mounts.evidence == {"promised": "mounted at /data", "found": {"redis-0/redis /data": True}}
    sockets = judged("CX603", "ccm", Container(HEAD + listens(ANYWHERE, 8081)))
    assert sockets.evidence["promised"] == "listens on 8081"
    assert list(sockets.evidence["found"].values()) == [["0.0.0.0"]]  # noqa: S104 - an address that is read


def test_a_process_that_listens_nowhere_is_found() -> None:
    """What only this pod reaches is not offered instead."""
    ended = judged("CX603", "ccm", Container(HEAD + listens(LOOPBACK, 9000)))
    assert ended.message.endswith(": nothing listens on port 8081; there is none")


def test_an_optional_port_on_loopback_only_is_found_all_the_same() -> None:
    """Something listens, and nobody reaches it."""
    ended = judged("CX603", "keycloak", Container(HEAD + listens(LOOPBACK, 8443)), "8443")
    assert ended.result is Result.FAIL
    assert "port 8443 is listened on at 127.0.0.1 only" in ended.message
