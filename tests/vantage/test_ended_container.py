"""A container is waited for until it has ended, and what keeps it from ending is told."""

from typing import Any, cast

import pytest

from cx_conformance.api.client import Answer, Cluster
from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.vantage import ended_container
from cx_conformance.vantage.ended_container import await_end

Object = dict[str, Any]
PLACE = ContainerPlace(namespace="a", pod="p", container="probe")
RUNNING: Object = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
ENDED: Object = {"terminated": {"exitCode": 0, "reason": "Completed"}}


class Following:
    """Shows one state after the other; None: the pod is gone. The last one stays."""

    def __init__(self, *states: Object | None, conditions: list[Object] | None = None) -> None:
        """Show ``states`` of the container and ``conditions`` of its pod."""
        self._states = list(states)
        self._conditions = conditions or []

    def read(self, _path: str) -> Object | None:
        """Return the pod."""
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        if state is None:
            return None
        statuses = [{"name": "mesh", "state": RUNNING}, {"name": "probe", "state": state}]
        return {"status": {"containerStatuses": statuses, "conditions": self._conditions}}

    def get(self, path: str, query: dict[str, str], *, most: int) -> Answer:
        """Return the log."""
        assert (path, query["container"]) == ("/api/v1/namespaces/a/pods/p/log", "probe")
        assert most >= int(query["limitBytes"])
        return Answer(status=200, headers={}, body=b"line\n")


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended_container, "_PAUSE_SECONDS", 0.0)


def waited(following: Following, seconds: float = 30.0, running: float = 30.0) -> Any:
    """Wait for the container to end."""
    return await_end(cast("Cluster", following), PLACE, ExecLimits(total_seconds=running), seconds)


def test_its_log_is_what_it_printed() -> None:
    """A mesh's sidecar beside it may run on."""
    result = waited(Following({"waiting": {"reason": "ContainerCreating"}}, RUNNING, ENDED))
    assert (result.stdout, result.exit_code, result.ending) == (b"line\n", 0, Ending.EXITED)


def test_one_that_runs_too_long_is_out_of_time() -> None:
    """What it printed until then is kept."""
    result = waited(Following(RUNNING), running=0.0)
    assert (result.ending, result.exit_code, result.stdout) == (Ending.OUT_OF_TIME, None, b"line\n")


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError"])
def test_one_that_cannot_start_is_not_waited_for(reason: str) -> None:
    """The reason is told in the kubelet's words."""
    with pytest.raises(NoVantage, match=f"container probe of pod a/p cannot start: {reason} no such image"):
        waited(Following({"waiting": {"reason": reason, "message": "no such image"}}))


def test_one_that_no_node_takes_is_told_with_the_schedulers_words() -> None:
    """After as long as it may take."""
    unscheduled = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}
    with pytest.raises(NoVantage, match="did not start within 0 s: 0/3 nodes are available"):
        waited(Following({}, conditions=[unscheduled]), seconds=0.0)


def test_a_pod_that_somebody_deletes_is_told() -> None:
    """It is not waited for."""
    with pytest.raises(NoVantage, match="pod a/p was deleted before it had looked"):
        waited(Following(RUNNING, None))


def test_a_program_that_is_not_in_the_image_is_told() -> None:
    """The runtime's own words."""
    state = {"terminated": {"exitCode": 128, "reason": "StartError", "message": 'exec: "sh": not found'}}
    with pytest.raises(NoVantage, match='could not start: exec: "sh": not found'):
        waited(Following(state))
