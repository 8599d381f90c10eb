"""What goes wrong with looking from inside a container: no shell, no tools, output that lies or never ends."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.annotations import PROGRAMS, SHELL
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import Installation

_NO_TOOLS = "sh cat echo printf sleep kill mktemp rm mkdir tr cut sed grep head date env id timeout"


@fault("edges", "ccm", found_as="error")
def no_shell(installation: Installation, component: str) -> None:
    """The component's container has no shell and no other program."""
    installation.annotate(component, PROGRAMS, "")


@fault("edges", "ccm", found_as="error")
def no_tools(installation: Installation, component: str) -> None:
    """The component's container has a shell, but nothing that resolves names or connects."""
    installation.annotate(component, PROGRAMS, _NO_TOOLS)


@fault("edges", "ccm", found_as="error")
def shell_talks_garbage(installation: Installation, component: str) -> None:
    """What the component's shell prints is no text."""
    installation.annotate(component, SHELL, "garbage")


@fault("edges", "ccm", found_as="error")
def shell_floods(installation: Installation, component: str) -> None:
    """The component's shell prints 10 MB."""
    installation.annotate(component, SHELL, "flood")


@fault("edges", "ccm", found_as="error")
def shell_forges(installation: Installation, component: str) -> None:
    """What the component's shell prints looks like good news of every call, but is not from this run."""
    installation.annotate(component, SHELL, "forge")


@fault("edges", "ccm", found_as="error")
def shell_hangs(installation: Installation, component: str) -> None:
    """The component's shell prints nothing and never ends."""
    installation.annotate(component, SHELL, "hang")


@fault("edges", "ccm", found_as="error")
def container_restarts(installation: Installation, component: str) -> None:
    """The component's container restarts during every exec: the session ends without a status."""
    installation.annotate(component, SHELL, "restart")


FAULTS = (no_shell, no_tools, shell_talks_garbage, shell_floods, shell_forges, shell_hangs, container_restarts)
