"""Edges from containers of every make: each shell, each tool, each way in which a call can go wrong."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits, ExecResult
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage, OutOfTime, Unreachable
from cx_conformance.probes.edges import (
    CallerEdges,
    Edge,
    EdgeFinding,
    EdgeLimits,
    EdgeObservation,
    probe_edges,
)
from cx_conformance.probes.inquiry import RunExec, script
from tests.probes.containers import PLACE, Container, program
from tests.probes.targets import ends, greets, listening, never_answering, resets, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

F = EdgeFinding
WHOLE = b"".join(map(script, ("script_start", "edge_script", "inside_script", "script_end")))

TOOLS = {
    "bash": {"bash": "bash"},
    "bash, sleep": {"bash": "bash", "sleep": "sleep"},
    "OpenBSD nc": {"nc": "nc.openbsd", "sleep": "sleep"},
    "traditional nc": {"nc": "nc.traditional", "sleep": "sleep"},
    "busybox nc": {"nc": "busybox", "sh": "busybox", "sleep": "busybox"},
    "curl": {"curl": "curl", "sleep": "sleep"},
    "wget": {"wget": "wget", "sleep": "sleep"},
    "python3": {"python3": "python3", "sleep": "sleep"},
    "node": {"node": "node", "sleep": "sleep"},
    "nc alone": {"nc": "nc.openbsd"},
}
SEES_THE_END = {"bash", "bash, sleep", "busybox nc", "python3", "node"}


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    """Ports of loopback, each of one behaviour."""
    with (
        listening(silent) as one,
        listening(greets) as two,
        listening(ends) as three,
        listening(resets) as four,
        socket.socket() as bound,
    ):
        bound.bind(("127.0.0.1", 0))  # and not listened on: a port that was given back may soon be another's
        yield {"silent": one, "greets": two, "ends": three, "resets": four, "closed": bound.getsockname()[1]}


def observe(run: RunExec, *targets: tuple[str, int], seconds: int = 5) -> list[EdgeObservation]:
    """Probe ``targets`` from one caller."""
    edges = tuple(Edge(caller="ccm", callee=host, host=host, port=port) for host, port in targets)
    return list(probe_edges(run, [CallerEdges(place=PLACE, edges=edges)], EdgeLimits(seconds=seconds)))


def findings(run: RunExec, *targets: tuple[str, int], seconds: int = 5) -> list[EdgeFinding | None]:
    """Return what each of ``targets`` came to."""
    return [each.finding for each in observe(run, *targets, seconds=seconds)]


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
@pytest.mark.parametrize("tools", TOOLS)
def test_every_shell_with_every_tool_tells_the_same(
    tmp_path: Path, shell: str, tools: str, ports: dict[str, int]
) -> None:
    """Open, greeting, closed and unknown targets are told apart whatever the container has; nothing is left behind."""
    container = Container(tmp_path, shell, TOOLS[tools])
    seen = observe(
        container,
        ("127.0.0.1", ports["silent"]),
        ("localhost", ports["greets"]),
        ("127.0.0.1", ports["closed"]),
        ("no-such-name.invalid", 80),
    )
    assert [each.finding for each in seen] == [F.CONNECTS, F.CONNECTS, F.REFUSED, F.NOT_RESOLVABLE], [
        each.words for each in seen
    ]
    assert seen[0].tool == next(iter(TOOLS[tools]))
    assert seen[0].milliseconds is not None
    assert container.left_behind() == []


@pytest.mark.parametrize("tools", TOOLS)
def test_an_endless_wait_ends_at_the_limit(tmp_path: Path, tools: str) -> None:
    """A target that never answers is a time-out with every tool, and leaves no process."""
    container = Container(tmp_path, "dash", TOOLS[tools])
    with never_answering() as listener:
        assert findings(container, listener.getsockname(), seconds=1) == [F.TIMED_OUT]
    assert container.left_behind() == []


@pytest.mark.parametrize("tools", sorted(SEES_THE_END))
def test_a_connection_that_ends_at_once_is_told(tmp_path: Path, tools: str, ports: dict[str, int]) -> None:
    """A proxy that accepts for a backend that is not there ends the connection: that is no working edge."""
    container = Container(tmp_path, "dash", TOOLS[tools])
    seen = findings(container, ("127.0.0.1", ports["ends"]), ("127.0.0.1", ports["resets"]))
    assert seen == [F.CLOSED, F.CLOSED]


@pytest.mark.parametrize(("freed", "finding"), [(True, F.CONNECTS), (False, F.TIMED_OUT)])
def test_slow_under_the_limit_connects_and_over_it_times_out(tmp_path: Path, freed: bool, finding: EdgeFinding) -> None:
    """The kernel asks again after 1 s: with 3 s to wait a target freed by then connects, one that is not does not."""
    container = Container(tmp_path, "dash", TOOLS["bash"])
    with never_answering() as listener:

        def free() -> None:
            if freed:
                listener.accept()[0].close()

        timer = threading.Timer(0.3, free)
        timer.start()
        assert findings(container, listener.getsockname(), seconds=3) == [finding]
        timer.join()


def test_no_route_is_not_a_refusal(tmp_path: Path) -> None:
    """In a network without any interface there is no route, not even to loopback."""
    container = Container(tmp_path, "dash", TOOLS["bash"], wrapper=[program("unshare"), "--map-root-user", "--net"])
    (seen,) = observe(container, ("127.0.0.1", 80))
    assert (seen.finding, "or nobody stands behind the Service (Cilium)" in seen.words) == (F.NO_ROUTE, True)


def test_getent_tells_the_addresses(tmp_path: Path, ports: dict[str, int]) -> None:
    """The address that the name resolved to is in the evidence, with what resolved it."""
    container = Container(tmp_path, "dash", {"bash": "bash", "getent": "getent"})
    (seen,) = observe(container, ("localhost", ports["silent"]))
    assert seen.resolver == "getent"
    assert set(seen.addresses) <= {"127.0.0.1", "::1"}
    assert "in pod expertflow/ef-ccm-0 reaches localhost:" in seen.words


def counting(folder: Path, name: str, before: str = "") -> str:
    """Return a program that is one of this machine, and writes down that it was started."""
    return f'#!/bin/sh\necho {name} >>{folder}/started\n{before}\nexec {program(name)} "$@"\n'


def started(folder: Path) -> list[str]:
    """Return which of the counted programs were started, in order."""
    return (folder / "started").read_text().split()


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_all_edges_that_are_well_cost_one_lookup_and_one_bash(
    tmp_path: Path, shell: str, ports: dict[str, int]
) -> None:
    """A container may have a twentieth of a CPU, which each program takes from what runs there."""
    programs = {"bash": counting(tmp_path, "bash"), "getent": counting(tmp_path, "getent"), "sleep": "sleep"}
    container = Container(tmp_path, shell, programs)
    seen = observe(container, *[("127.0.0.1", ports["silent"]), ("localhost", ports["greets"])] * 3)
    assert [(one.finding, one.tool, one.resolver) for one in seen] == [(F.CONNECTS, "bash", "getent")] * 6
    assert [one.addresses for one in seen[::2]] == [("127.0.0.1",)] * 3
    assert all(one.milliseconds is not None for one in seen)
    assert started(tmp_path) == ["getent", "bash"]
    assert container.left_behind() == []


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_what_is_not_well_is_told_beside_what_is(tmp_path: Path, shell: str, ports: dict[str, int]) -> None:
    """It is tested by itself, as if it were alone."""
    container = Container(tmp_path, shell, {"bash": "bash", "getent": "getent", "sleep": "sleep"})
    with never_answering() as listener:
        targets = [("127.0.0.1", ports[one]) for one in ("ends", "silent", "closed", "greets", "resets")]
        seen = findings(container, listener.getsockname(), *targets, seconds=1)
    assert seen == [F.TIMED_OUT, F.CLOSED, F.CONNECTS, F.REFUSED, F.CONNECTS, F.CLOSED]
    assert container.left_behind() == []


@pytest.mark.parametrize(
    ("getent", "finding"),
    [
        ("exit 2", F.NOT_RESOLVABLE),
        ("exec sleep 60", F.LOOKUP_TIMED_OUT),
    ],
    ids=["unknown", "not answered"],
)
def test_a_name_that_is_not_found_spoils_no_other(
    tmp_path: Path, getent: str, finding: EdgeFinding, ports: dict[str, int]
) -> None:
    """Looked up together it keeps the others from being told; alone they are."""
    odd = counting(tmp_path, "getent", f'case "$*" in *odd.invalid*) {getent} ;; esac')
    container = Container(tmp_path, "dash", {"bash": "bash", "getent": odd, "sleep": "sleep"})
    seen = observe(container, ("127.0.0.1", ports["silent"]), ("odd.invalid", 80), seconds=1)
    assert [one.finding for one in seen] == [F.CONNECTS, finding]
    assert (seen[0].resolver, seen[0].addresses) == ("getent", ("127.0.0.1",))
    assert container.left_behind() == []


TWO_NAMES = """#!/bin/sh
printf '10.0.0.1   STREAM one.svc.cluster.local\n10.0.0.1   DGRAM  \n10.0.0.1   RAW    \nfd00::1    STREAM \n'
printf '10.0.0.2   STREAM two.svc.cluster.local\n10.0.0.2   DGRAM  \n'
"""


def test_each_name_has_its_own_addresses(tmp_path: Path) -> None:
    """They come one after the other, the full name on the first line of each."""
    bash = "#!/bin/sh\nprintf '1 7\\n0 5\\n'\n"
    container = Container(tmp_path, "dash", {"bash": bash, "getent": TWO_NAMES, "sleep": "sleep"})
    one, two = observe(container, ("one.svc", 80), ("two.svc", 81))
    assert (one.finding, one.addresses, one.milliseconds) == (F.CONNECTS, ("10.0.0.1", "fd00::1"), 5)
    assert (two.finding, two.addresses, two.milliseconds) == (F.CONNECTS, ("10.0.0.2",), 7)


def test_a_getent_that_does_not_tell_names_apart_is_asked_for_each(tmp_path: Path, ports: dict[str, int]) -> None:
    """Not every one writes the full name behind the first address."""
    getent = "#!/bin/sh\nshift\nfor each; do echo 127.0.0.1; done\n"
    container = Container(tmp_path, "dash", {"bash": "bash", "getent": getent, "sleep": "sleep"})
    seen = observe(container, ("one", ports["silent"]), ("127.0.0.1", ports["silent"]))
    assert [one.addresses for one in seen] == [("127.0.0.1",)] * 2
    assert seen[1].finding is F.CONNECTS


def test_a_bash_before_5_takes_the_time_of_the_machine(tmp_path: Path, ports: dict[str, int]) -> None:
    """It has no clock of milliseconds of its own."""
    older = f'program=$2; shift 2; exec {program("bash")} -c "unset EPOCHREALTIME; $program" "$@"'
    programs = {"bash": counting(tmp_path, "bash", older), "getent": "getent", "sleep": "sleep"}
    container = Container(tmp_path, "dash", programs)
    seen = observe(container, ("127.0.0.1", ports["silent"]), ("127.0.0.1", ports["greets"]))
    assert [(one.finding, one.tool) for one in seen] == [(F.CONNECTS, "bash")] * 2
    assert all(one.milliseconds in range(1000) for one in seen)
    assert started(tmp_path) == ["bash"]


def test_another_tool_needs_one_lookup_too(tmp_path: Path, ports: dict[str, int]) -> None:
    """What one getent has told of all names is not asked again for each."""
    programs = {"nc": "nc.openbsd", "getent": counting(tmp_path, "getent"), "sleep": "sleep"}
    seen = observe(Container(tmp_path, "dash", programs), *[("127.0.0.1", ports["silent"])] * 3)
    assert [(one.finding, one.tool, one.addresses) for one in seen] == [(F.CONNECTS, "nc", ("127.0.0.1",))] * 3
    assert started(tmp_path) == ["getent"]


@pytest.mark.parametrize("resolver", ["python3", "node"])
def test_without_getent_a_language_resolves(tmp_path: Path, resolver: str, ports: dict[str, int]) -> None:
    """Containers of Python and Node resolve by their language."""
    container = Container(tmp_path, "dash", {"bash": "bash", resolver: resolver})
    good, bad = observe(container, ("localhost", ports["silent"]), ("no-such-name.invalid", 80))
    assert (good.resolver, good.finding) == (resolver, F.CONNECTS)
    assert good.addresses
    assert (bad.resolver, bad.finding, bad.tool) == (resolver, F.NOT_RESOLVABLE, None)


def with_hosts(hosts: Path) -> list[str]:
    """Return a wrapper that gives a container this hosts file, as the kubelet does."""
    return showing(hosts, "/etc/hosts")


def showing(source: Path, at: str) -> list[str]:
    """Return a wrapper that shows a container a file or folder at a path."""
    mounts = '"$0" --bind "$1" "$2" && shift 2 && exec "$@"'
    unshared = [program("unshare"), "--map-root-user", "--mount"]
    return [*unshared, program("bash"), "-c", mounts, program("mount"), str(source), at]


OLD_GETENT = """#!/bin/sh
[ "$1" = hosts ] || exit 1
echo "127.0.0.1       localhost"
"""
BIND_NSLOOKUP = """#!/bin/sh
printf 'Server:\\t\\t10.96.0.10\\nAddress:\\t10.96.0.10#53\\n\\nName:\\tccm.expertflow.svc.cluster.local\\n'
printf 'Address: 10.0.0.7\\nName:\\tccm\\nAddress: 10.0.0.8\\n'
"""
OLD_BUSYBOX_NSLOOKUP = """#!/bin/sh
printf 'Server:    10.96.0.10\\nAddress 1: 10.96.0.10 kube-dns.kube-system\\n\\n'
printf 'Name:      ccm\\nAddress 1: 10.0.0.7 ccm.expertflow.svc.cluster.local\\n'
"""


@pytest.mark.parametrize(
    ("programs", "resolver", "addresses"),
    [
        ({"getent": OLD_GETENT}, "getent", ("127.0.0.1",)),
        ({"nslookup": BIND_NSLOOKUP}, "nslookup", ("10.0.0.7", "10.0.0.8")),
        ({"nslookup": OLD_BUSYBOX_NSLOOKUP}, "nslookup", ("10.0.0.7",)),
        (
            {"nslookup": BIND_NSLOOKUP + 'echo "** server can\'t find ccm: NXDOMAIN"; exit 1\n'},
            "nslookup",
            ("10.0.0.7", "10.0.0.8"),
        ),
    ],
)
def test_each_form_of_a_resolvers_answer_is_read(
    tmp_path: Path, programs: dict[str, str], resolver: str, addresses: tuple[str, ...], ports: dict[str, int]
) -> None:
    """Old getents know no ahosts; nslookup prints its server's address first, and fails where only IPv6 is unknown."""
    hosts = tmp_path / "hosts"
    hosts.write_text("")
    container = Container(tmp_path, "dash", {"bash": "bash", **programs}, wrapper=with_hosts(hosts))
    (seen,) = observe(container, ("localhost", ports["silent"]))
    assert (seen.resolver, seen.addresses) == (resolver, addresses)


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
@pytest.mark.parametrize("programs", [{}, {"nslookup": BIND_NSLOOKUP}], ids=["without nslookup", "with nslookup"])
def test_without_getent_the_hosts_file_comes_before_dns(
    tmp_path: Path, shell: str, programs: dict[str, str], ports: dict[str, int]
) -> None:
    """A host alias that leads a callee's name elsewhere is where the tool goes, although nslookup does not know it."""
    hosts = tmp_path / "hosts"
    hosts.write_text("# 10.0.0.9 ccm\n127.0.0.1\tother ccm # an alias\n::1 ccm.expertflow.svc\n127.0.0.9 ccm")
    container = Container(tmp_path, shell, {"bash": "bash", **programs}, wrapper=with_hosts(hosts))
    (seen,) = observe(container, ("ccm", ports["silent"]))
    assert (seen.resolver, seen.addresses) == ("hosts", ("127.0.0.1", "127.0.0.9"))


NEW_CURL = """#!/bin/sh
[ "$1" = -V ] && echo 'Protocols: http telnet' && exit
echo '* Established connection to 127.0.0.1 (127.0.0.1 port 80) from 127.0.0.1 port 40000 ' >&2
exec sleep 60
"""


def test_a_curl_that_tells_of_its_connection_in_new_words_is_understood(tmp_path: Path) -> None:
    """From 8.16 on curl says that it established a connection; that it waits then is no time-out."""
    container = Container(tmp_path, "dash", {"curl": NEW_CURL, "sleep": "sleep"})
    assert findings(container, ("127.0.0.1", 80)) == [F.CONNECTS]
    assert container.left_behind() == []


FAILS_TO_RESOLVE = "echo 'nc: getaddrinfo for host: Temporary failure in name resolution' >&2; exit 1"


def test_a_name_lookup_is_tried_a_second_time(tmp_path: Path, ports: dict[str, int]) -> None:
    """One lost packet of DNS costs a resolver five seconds, and is no finding."""
    asked = tmp_path / "asked"
    getent = f"#!/bin/sh\n[ -e {asked} ] && echo 127.0.0.1 STREAM ccm && exit\n: >{asked}\nexec sleep 60\n"
    container = Container(tmp_path, "dash", {"bash": "bash", "sleep": "sleep", "getent": getent})
    (seen,) = observe(container, ("localhost", ports["silent"]), seconds=1)
    assert (seen.finding, seen.addresses) == (F.CONNECTS, ("127.0.0.1",))


def test_a_tool_that_cannot_resolve_for_a_moment_is_asked_again(tmp_path: Path) -> None:
    """It looks the name up for itself, and one failure of a DNS that was just asked with success is no finding."""
    asked = tmp_path / "asked"
    nc = f'#!/bin/sh\n[ "$1" = -h ] && exit\n[ -e {asked} ] && exit\n: >{asked}\n{FAILS_TO_RESOLVE}\n'
    container = Container(tmp_path, "dash", {"nc": nc, "sleep": "sleep"})
    assert findings(container, ("ef-ccm.expertflow.svc", 80)) == [F.CONNECTS]


def test_a_tool_that_cannot_resolve_twice_says_so(tmp_path: Path) -> None:
    """The name is told as unknown then."""
    nc = f'#!/bin/sh\n[ "$1" = -h ] && exit\n{FAILS_TO_RESOLVE}\n'
    container = Container(tmp_path, "dash", {"nc": nc, "sleep": "sleep"})
    assert findings(container, ("ef-ccm.expertflow.svc", 80)) == [F.NOT_RESOLVABLE]


def test_a_name_lookup_that_hangs_is_told_as_such(tmp_path: Path) -> None:
    """A DNS that does not answer is not a target that does not."""
    container = Container(tmp_path, "dash", {"bash": "bash", "sleep": "sleep", "getent": "#!/bin/sh\nexec sleep 60\n"})
    assert findings(container, ("localhost", 80), seconds=1) == [F.LOOKUP_TIMED_OUT]
    assert container.left_behind() == []


TORN_WGET = """#!/bin/sh
[ "$1" = --help ] && echo 'GNU Wget' && exit
printf 'Connecting to 127.0.0.1:80... \\n connected.\\n' >&2
exec sleep 60
"""


def test_words_that_are_torn_apart_are_understood(tmp_path: Path) -> None:
    """What the script itself writes may come between two pieces of what a tool says."""
    container = Container(tmp_path, "dash", {"wget": TORN_WGET, "sleep": "sleep"})
    assert findings(container, ("127.0.0.1", 80)) == [F.CONNECTS]
    assert container.left_behind() == []


@pytest.fixture
def cgroup(tmp_path: Path) -> Path:
    """Give a control group that its CPU limit has not held up yet."""
    folder = tmp_path / "cgroup"
    folder.mkdir()
    (folder / "cpu.stat").write_text("nr_periods 100\nnr_throttled 5\nthrottled_usec 5000\n")
    return folder


def held_up(cgroup: Path, program: str) -> str:
    """Return a program that finds its container held up for its CPU limit, before it does something."""
    return f"#!/bin/sh\necho 'nr_throttled 40' >{cgroup}/cpu.stat\n{program}\n"


def test_a_container_that_is_held_up_by_its_cpu_limit_is_given_as_long_again(
    tmp_path: Path, cgroup: Path, ports: dict[str, int]
) -> None:
    """Ten interpreters that start in a tenth of a CPU are late, and DNS and the other side are not."""
    getent = held_up(cgroup, "sleep 1.5; echo 127.0.0.1 STREAM ccm")
    programs = {"bash": "bash", "sleep": "sleep", "getent": getent}
    container = Container(tmp_path, "dash", programs, wrapper=showing(cgroup, "/sys/fs/cgroup"))
    assert findings(container, ("127.0.0.1", ports["silent"]), seconds=1) == [F.CONNECTS]


def test_a_container_that_gets_no_cpu_at_all_could_not_look(tmp_path: Path, cgroup: Path) -> None:
    """That nothing answered in time says nothing of the other side then."""
    starving = f"n=100; while sleep 0.1; do n=$((n + 50)); echo nr_throttled $n >{cgroup}/cpu.stat; done"
    programs = {"bash": held_up(cgroup, starving), "sleep": "sleep"}
    container = Container(tmp_path, "dash", programs, wrapper=showing(cgroup, "/sys/fs/cgroup"))
    (seen,) = observe(container, ("127.0.0.1", 80), seconds=1)
    with pytest.raises(NoVantage, match="gets no CPU to run on, for the container's limit"):
        seen.looked()


def test_a_target_that_does_not_answer_is_no_matter_of_the_cpu(tmp_path: Path, cgroup: Path) -> None:
    """A container that was held up at first, and not any more, has waited in vain."""
    bash = held_up(cgroup, f'exec {program("bash")} "$@"')
    container = Container(tmp_path, "dash", {"bash": bash, "sleep": "sleep"}, wrapper=showing(cgroup, "/sys/fs/cgroup"))
    with never_answering() as listener:
        assert findings(container, listener.getsockname(), seconds=1) == [F.TIMED_OUT]


def test_a_container_without_tools_could_not_look(tmp_path: Path) -> None:
    """No tool at all is no finding, and the message says what to allow."""
    (seen,) = observe(Container(tmp_path, "dash", {}), ("localhost", 80))
    with pytest.raises(NoVantage, match="none of bash, nc, curl, wget, python3 and node"):
        seen.looked()


def test_a_tool_that_babbles_could_not_look(tmp_path: Path) -> None:
    """What a strange tool said is shown, and passes for nothing."""
    container = Container(tmp_path, "dash", {"nc": "#!/bin/sh\necho moo >&2; exit 4\n"})
    (seen,) = observe(container, ("localhost", 80))
    with pytest.raises(NoVantage, match=r"nc in pod expertflow/ef-ccm-0 did not tell of localhost:80: .*moo"):
        seen.looked()


def test_a_usable_tool_is_found_behind_an_unusable_one(tmp_path: Path, ports: dict[str, int]) -> None:
    """A bash without /dev/tcp and an nc without -z give way to the next tool."""
    bash = "#!/bin/sh\necho 'bash: /dev/tcp/localhost/80: No such file or directory' >&2; exit 9\n"
    nc = "#!/bin/sh\necho 'usage: nc [-hlu]' >&2; exit 1\n"
    container = Container(tmp_path, "dash", {"bash": bash, "nc": nc, "curl": "curl", "sleep": "sleep"})
    (seen,) = observe(container, ("127.0.0.1", ports["silent"]))
    assert (seen.finding, seen.tool) == (F.CONNECTS, "curl")


def test_a_tool_that_babbles_gives_way_to_the_next(tmp_path: Path, ports: dict[str, int]) -> None:
    """What cannot be understood of one is asked of another; where none tells, what the first one said is shown."""
    babbling = {"bash": "#!/bin/sh\necho 'bash: no such luck' >&2; exit 4\n", "nc": "#!/bin/sh\necho moo >&2; exit 4\n"}
    for folder, more in (("usable", {"curl": "curl", "sleep": "sleep"}), ("none", {})):
        (tmp_path / folder).mkdir()
        (seen,) = observe(Container(tmp_path / folder, "dash", babbling | more), ("127.0.0.1", ports["silent"]))
        assert (seen.finding, seen.tool) == ((F.CONNECTS, "curl") if more else (None, "bash"))
        assert ("no such luck" in seen.words) is (not more)


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("bash", "bash: connect: Operation not permitted"),
        ("nc", "nc: connect to ef-ccm-svc (10.43.1.2) port 8081 (tcp) failed: Operation not permitted"),
        ("node", "Error: connect EPERM 10.43.1.2:8081 - Local (0.0.0.0:0)"),
    ],
)
def test_cilium_says_in_its_own_words_that_nobody_is_there(tmp_path: Path, tool: str, words: str) -> None:
    """Its load balancer at the socket fails the call to a Service without endpoints: EPERM, or no route to host."""
    container = Container(tmp_path, "dash", {tool: f"#!/bin/sh\necho '{words}' >&2; exit 1\n"})
    (seen,) = observe(container, ("127.0.0.1", 8081))
    assert (seen.finding, seen.tool) == (F.REFUSED, tool)
    assert "nobody stands behind the Service" in seen.words


def test_a_proxy_of_the_containers_environment_is_not_asked(tmp_path: Path, ports: dict[str, int]) -> None:
    """A tool goes to the target itself, whatever the image's proxy variables or curlrc say."""
    proxy = f"http://127.0.0.1:{ports['silent']}"
    wrapper = [program("env"), f"all_proxy={proxy}", f"http_proxy={proxy}", f"ftp_proxy={proxy}"]
    for tool in ("curl", "wget"):
        folder = tmp_path / tool
        folder.mkdir()
        container = Container(folder, "dash", {tool: tool, "sleep": "sleep"}, wrapper=wrapper)
        assert findings(container, ("127.0.0.1", ports["closed"])) == [F.REFUSED]


def test_all_targets_are_tested_at_once(tmp_path: Path) -> None:
    """Ten targets that hang cost as long as one: the exec's own limit is far below ten waits."""
    container = Container(tmp_path, "dash", TOOLS["bash, sleep"])
    with never_answering() as listener:
        seen = observe(container, *[listener.getsockname()] * 10, seconds=1)
    assert [each.finding for each in seen] == [F.TIMED_OUT] * 10


def scripted(print_with: Callable[[str, int], bytes], **result: object) -> RunExec:
    """Return an exec that prints what ``print_with`` makes of the nonce and the number of targets."""

    def run(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        nonce = stdin.splitlines()[0].decode().removeprefix("nonce=")
        assert nonce not in " ".join(argv)
        fields = {"stderr": b"", "exit_code": 0, "ending": Ending.EXITED, "milliseconds": 1.0, **result}
        return ExecResult(stdout=print_with(nonce, (len(argv) - 4) // 4), **fields)  # type: ignore[arg-type] # of a table

    return run


def one_finding(line: str, nonce: str | None = None) -> EdgeFinding | None:
    """Return what comes of a container that prints ``line`` after the nonce."""
    return findings(scripted(lambda real, _: f"{nonce or real} {line}\n".encode()), ("ccm", 80))[0]


def test_a_well_formed_line_under_the_nonce_is_believed() -> None:
    """The line that the forgeries below vary is a pass."""
    assert one_finding("0 connects 12 bash getent 10.0.0.1") is F.CONNECTS


@pytest.mark.parametrize(
    "line",
    [
        "0 connects 12 bash getent 10.0.0.1 more",
        "0 connects 12 bash getent",
        "00 connects 12 bash getent 10.0.0.1",
        "1 connects 12 bash getent 10.0.0.1",
        "-1 connects 12 bash getent 10.0.0.1",
        "0  connects 12 bash getent 10.0.0.1",
        "0 CONNECTS 12 bash getent 10.0.0.1",
        "0 passed 12 bash getent 10.0.0.1",
        "0 connects -12 bash getent 10.0.0.1",
        "0 connects 12 telepathy getent 10.0.0.1",
        "0 connects 12 - getent 10.0.0.1",
        "0 connects 12 bash oracle 10.0.0.1",
        "0 connects 12 bash getent 10.0.0.256",
        "0 connects 12 bash getent 10.0.0.1\r",
        "0 refused 12 bash getent -\n{nonce} 0 connects 12 bash getent 10.0.0.1",
        "end 1",
        "",
    ],
)
def test_a_forged_or_broken_line_is_no_finding(line: str) -> None:
    """Anything but exactly one line of the known form leaves the edge untested, even under the right nonce."""
    run = scripted(lambda nonce, _: f"{nonce} {line.replace('{nonce}', nonce)}\n".encode())
    (seen,) = observe(run, ("ccm", 80))
    assert seen.finding is None
    with pytest.raises(NoVantage, match="no readable line for ccm:80; it printed"):
        seen.looked()


@pytest.mark.parametrize("line", ["{n} {number} notool - - - -", "good news"])
def test_what_keeps_all_calls_of_a_container_from_being_looked_at_is_one_cause(line: str) -> None:
    """Each names its own callee; the reason is the same."""
    run = scripted(lambda nonce, _: "".join(f"{line.format(n=nonce, number=one)}\n" for one in range(2)).encode())
    causes = []
    for seen in observe(run, ("ccm", 80), ("redis", 6379)):
        with pytest.raises(NoVantage) as reason:
            seen.looked()
        causes.append(reason.value.cause)
    assert causes[0] == causes[1] != ""


def test_a_line_under_another_nonce_is_no_finding() -> None:
    """A process of the container that saw an earlier run cannot speak for this one."""
    assert one_finding("0 connects 12 bash getent 10.0.0.1", nonce="0" * 32) is None


def test_noise_around_the_lines_does_no_harm() -> None:
    """A chatty profile, binary noise and half lines do not spoil a whole line."""
    noise = b"Welcome!\n\xff\xfe\x00\n"
    run = scripted(lambda nonce, _: noise + f"{nonce} 0 refused - nc - -\n{nonce} e".encode())
    assert findings(run, ("ccm", 80)) == [F.REFUSED]


def test_ten_megabytes_of_noise_are_shown_cut() -> None:
    """The message shows the start and the size, never the whole."""
    run = scripted(lambda _, __: b"\x1b[31mA\n" * 1_500_000)
    (seen,) = observe(run, ("ccm", 80))
    with pytest.raises(NoVantage) as caught:
        seen.looked()
    assert "\\x1b[31mA \\x1b" in str(caught.value)
    assert "(10500000 bytes)" in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("ending", "kind"),
    [(Ending.OUT_OF_TIME, OutOfTime), (Ending.TOO_MUCH_OUTPUT, NoVantage), (Ending.DROPPED, Unreachable)],
)
def test_an_exec_that_was_cut_keeps_what_was_seen(ending: Ending, kind: type[CouldNotLook]) -> None:
    """A container that restarts in the middle loses only the edges that were not told yet."""
    run = scripted(lambda nonce, _: f"{nonce} 0 connects 1 nc - -\n".encode(), ending=ending, exit_code=None)
    told, lost = observe(run, ("ccm", 80), ("redis", 6379))
    assert told.finding is F.CONNECTS
    with pytest.raises(kind, match="the edge script in pod expertflow/ef-ccm-0"):
        lost.looked()


def test_an_exec_that_is_refused_is_the_trouble_of_each_edge() -> None:
    """A forbidden exec leaves every edge of that caller untested, and no other's."""

    def run(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        if place.pod == "closed":
            raise Forbidden("create", "pods/exec", place.namespace)
        return scripted(lambda nonce, _: f"{nonce} 0 connects 1 nc - -\n".encode())(place, argv, stdin, limits)

    def caller(pod: str) -> CallerEdges:
        edges = (Edge(caller=pod, callee="ccm", host="ccm", port=80),)
        return CallerEdges(place=ContainerPlace(namespace="expertflow", pod=pod), edges=edges)

    seen = probe_edges(run, [caller("closed"), caller("open")])
    assert [each.finding for each in seen] == [None, F.CONNECTS]
    with pytest.raises(Forbidden):
        seen[0].looked()


@pytest.mark.parametrize(("host", "port"), [("-e", 80), ("a b", 80), ("a;b", 80), ("", 80), ("a", 0), ("a", 65536)])
def test_what_is_no_host_or_port_never_reaches_a_container(host: str, port: int) -> None:
    """A name from a file cannot become an option or a command."""
    with pytest.raises(ValueError, match="is no"):
        Edge(caller="a", callee="b", host=host, port=port)


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_every_shell_reads_the_script_without_a_word(tmp_path: Path, shell: str) -> None:
    """Without questions the script prints its last line alone, and nothing on standard error."""
    container = Container(tmp_path, shell, TOOLS["bash"])
    result = container(PLACE, ["sh", "-s", "--", "1"], b"nonce=x\n" + WHOLE, ExecLimits())
    assert (result.stdout, result.stderr, result.exit_code) == (b"x end\n", b"", 0)
