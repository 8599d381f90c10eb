"""A claim of the default class, tried before anything is installed: bound, written, read, deleted."""

import time
from typing import Final

from msgspec import Struct

from cx_conformance.objects.json_fields import mapping, number, text
from cx_conformance.probes.inquiry import script
from cx_conformance.vantage.made_objects import Made
from cx_conformance.vantage.node_pod import CLAIMED, CONTAINER, claim
from cx_conformance.vantage.script_container import script_container
from cx_conformance.vantage.trial_pods import OF_PULLING, PAUSE_SECONDS, TrialPods, said_of, state_of, waits


class ClaimSeen(Struct, frozen=True, kw_only=True):
    """What became of a claim; ``kept`` None: that could not be told."""

    kept: bool | None
    words: str
    seconds: float


class ClaimTrial:
    """Tries one claim, by a pod that writes to it."""

    def __init__(self, pods: TrialPods) -> None:
        """Make claim and pod as ``pods`` do."""
        self._pods = pods

    def look(self) -> ClaimSeen:
        """Try a claim of the default class; raises CouldNotLook where it, or its pod, cannot be made or looked at."""
        for resource in ("pods", "persistentvolumeclaims"):
            self._pods.made.refuse_undeletable(resource, self._pods.namespace, "what a claim is tried with")
        pod = self._pods.named("claim", "to write to a claim")
        volume = Made(
            kind="PersistentVolumeClaim",
            namespace=self._pods.namespace,
            name=pod.name,
            why="of the default StorageClass",
            ends="it stays there",
        )
        words = ("sh", "-s", "--", CLAIMED, pod.name)
        container = script_container(CONTAINER, self._pods.image, words, script("claim_script"))
        source = (CLAIMED, {"persistentVolumeClaim": {"claimName": volume.name}})
        began = time.monotonic()
        try:
            self._pods.made.create(
                volume, claim(volume.name, self._pods.namespace), "a claim to try the default class with"
            )
            self._pods.create(pod, container, None, source)
            kept, said = self._written(pod, volume)
        finally:
            self._pods.made.delete(pod)
            self._pods.made.delete(volume)
        if kept:
            kept, said = self._gone(volume, said)
        return ClaimSeen(kept=kept, words=said, seconds=time.monotonic() - began)

    def _written(self, pod: Made, volume: Made) -> tuple[bool | None, str]:
        """Wait until the claim's pod has ended, and return whether the promise is kept, and what was seen."""
        limit = self._pods.patience.bind
        ends = self._pods.until(limit)
        while True:
            found = self._pods.read(pod)
            state = state_of(found)
            if "terminated" in state:
                code = number(mapping(state, "terminated"), "exitCode")
                return code == 0, _CODES.get(code or 0, f"its pod ended with status {code}")
            waiting = mapping(state, "waiting")
            if text(waiting, "reason") in OF_PULLING and self._phase(volume) == "Bound":
                return None, f"the claim is bound, but nobody could write to it: {said_of(waiting)}"
            if time.monotonic() > ends:
                phase = self._phase(volume)
                if phase != "Bound":
                    return False, f"the claim is {phase or 'not bound'} after {limit:.0f} s: {waits(found)}"
                if text(waiting, "reason") in OF_PULLING:
                    return None, said_of(waiting)
                return False, f"the claim is bound, but no pod has it after {limit:.0f} s: {waits(found)}"
            time.sleep(PAUSE_SECONDS)

    def _gone(self, volume: Made, said: str) -> tuple[bool, str]:
        """Wait until a deleted claim is gone."""
        limit = self._pods.patience.bind
        ends = self._pods.until(limit)
        while self._pods.cluster.read(volume.path) is not None:
            if time.monotonic() > ends:
                return False, f"{said}, but {volume.where} is still there {limit:.0f} s after it was deleted"
            time.sleep(PAUSE_SECONDS)
        return True, f"{said} and deleted"

    def _phase(self, volume: Made) -> str:
        return text(mapping(self._pods.cluster.read(volume.path) or {}, "status"), "phase")


_CODES: Final = {
    0: "the claim was bound, written, read",
    3: "the claim is bound, but its volume cannot be written to, not even by the group that fsGroup gives it",
    4: "the claim is bound, but what was written to its volume is not read back",
}
