"""A cluster's nodes, tried by pods before anything is installed: the registry, names, and the way from node to node.

One pod stands on each node and serves two files; when all of them stand or have failed to, another on each node asks
for names and fetches the files of all others. All of them are deleted again, and told (``Consent``).
"""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits
from cx_conformance.objects.json_fields import mapping, number, text
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.probes.edges import Edge, EdgesQuestion
from cx_conformance.probes.inquiry import Question, ask, script
from cx_conformance.probes.packets import PacketsQuestion
from cx_conformance.vantage.ended_container import await_end
from cx_conformance.vantage.made_objects import Made
from cx_conformance.vantage.node_pod import CONTAINER, PORT, SERVED
from cx_conformance.vantage.node_seen import CLUSTER_NAME, NodeSeen
from cx_conformance.vantage.script_container import script_container
from cx_conformance.vantage.trial_pods import OF_PULLING, PAUSE_SECONDS, TrialPods, said_of, state_of, waits

_AT_ONCE: Final = 16


class NodesTrial:
    """Tries every node, one look for all checks."""

    def __init__(self, pods: TrialPods) -> None:
        """Make pods as ``pods`` do."""
        self._pods = pods

    def look(self, names: Iterable[str], hosts: Iterable[str] = ()) -> Mapping[str, NodeSeen]:
        """Try each node: the image, the names ``kubernetes.default.svc`` and ``hosts``, and the way to the others.

        Raises CouldNotLook where no pod can be made at all.
        """
        self._pods.made.refuse_undeletable("pods", self._pods.namespace, "a probe pod")
        seen = {name: NodeSeen() for name in names}
        standing = {
            name: self._pods.named(f"stand-{number}", f"to stand on node {name}") for number, name in enumerate(seen)
        }
        asked = (CLUSTER_NAME, *hosts)
        try:
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="stand") as threads:
                list(threads.map(lambda name: self._stand(name, standing[name], seen[name]), seen))
            there = {name: one.address for name, one in seen.items() if one.address}
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ask") as threads:
                list(threads.map(lambda name: self._ask(name, there, asked, seen[name]), there))
        finally:
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="delete") as threads:
                list(threads.map(self._pods.made.delete, standing.values()))
        return seen

    def _stand(self, node: str, made: Made, seen: NodeSeen) -> None:
        """Let a pod stand on a node, and note its address, or why there is none."""
        words = ("sh", "-s", "--", str(PORT), SERVED)
        container = script_container(CONTAINER, self._pods.image, words, script("standing_script"))
        own_address = {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
        container |= {
            "imagePullPolicy": "Always",  # what lies on the node already tells nothing of the registry
            "env": [own_address],
            "ports": [{"containerPort": PORT}],
        }
        try:
            self._pods.create(made, container, node, (SERVED, {"emptyDir": {"sizeLimit": "1Mi"}}))
            self._await_standing(made, seen)
        except CouldNotLook as reason:
            seen.trouble = str(reason)

    def _await_standing(self, made: Made, seen: NodeSeen) -> None:
        ends = self._pods.until(self._pods.patience.start)
        failed_since: float | None = None
        while True:
            pod = self._pods.read(made)
            state, status = state_of(pod), mapping(pod, "status")
            now = time.monotonic()
            if "running" in state and text(status, "podIP"):
                seen.pulled, seen.address = True, text(status, "podIP")
                return
            if "terminated" in state:
                code = number(mapping(state, "terminated"), "exitCode")
                seen.pulled = True
                seen.trouble = f"the pod that was to stand there ended with status {code}"
                if code == 9:
                    seen.trouble = "the image has nothing to serve a file by: busybox httpd, python3 or node"
                return
            waiting = mapping(state, "waiting")
            if text(waiting, "reason") in OF_PULLING:
                failed_since = failed_since or now
                if now - failed_since >= self._pods.patience.pull:
                    seen.pulled, seen.trouble = False, said_of(waiting)
                    return
            else:
                failed_since = None
            if now > ends:
                seen.trouble = f"no pod came to stand there within {self._pods.patience.start:.0f} s: {waits(pod)}"
                return
            time.sleep(PAUSE_SECONDS)

    def _ask(self, node: str, there: Mapping[str, str], hosts: tuple[str, ...], seen: NodeSeen) -> None:
        """Let a pod on a node ask for names, and fetch files from the standing pods of all others."""
        made = self._pods.named("ask", f"to ask on node {node}")
        place = ContainerPlace(namespace=made.namespace, pod=made.name, container=CONTAINER)
        edges = tuple(Edge(caller=node, callee=host, host=host, port=443) for host in hosts)
        names = EdgesQuestion(edges=edges, place=place)
        files = {name: PacketsQuestion(address=one, port=PORT) for name, one in there.items() if name != node}
        questions: list[Question[Any]] = [names, *files.values()]
        # All files are fetched at once, so that the longest counts and not their sum.
        seconds = names.seconds + max((one.seconds for one in files.values()), default=0.0)

        def run(_place: ContainerPlace, argv: Any, stdin: bytes, limits: ExecLimits, /) -> Any:
            self._pods.create(made, script_container(CONTAINER, self._pods.image, argv, stdin), node)
            seconds = self._pods.until(self._pods.patience.start + limits.total_seconds) - time.monotonic()
            return await_end(self._pods.cluster, place, limits, seconds)

        try:
            answered = ask(run, place, questions, seconds=seconds)
        finally:
            self._pods.made.delete(made)
        seen.names = answered.answer(names)
        for name, question in files.items():
            try:
                seen.others[name] = answered.answer(question)
            except CouldNotLook as reason:
                seen.others[name] = reason
