"""Rules about who calls whom."""

from collections import defaultdict
from collections.abc import Iterator

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.lint.finding import Level, Spot, rule
from cx_conformance.blueprint.promise import Source


@rule("BL101", Level.ERROR)
def callee_exists(blueprint: Blueprint) -> Iterator[Spot]:
    """Every callee is a component or an external party."""
    known = blueprint.components.keys() | blueprint.parties.keys()
    for name, component in blueprint.components.items():
        for index, call in enumerate(component.calls):
            if call.to not in known:
                path = ("components", name, "calls", index, "to")
                yield Spot(path, f"{name} calls {call.to}, which is neither a component nor a party", call.to)


@rule("BL102", Level.ERROR)
def caller_exists(blueprint: Blueprint) -> Iterator[Spot]:
    """Every caller in `calledBy` is a component."""
    for name, component in blueprint.components.items():
        for index, caller in enumerate(component.called_by):
            if caller not in blueprint.components:
                path = ("components", name, "calledBy", index)
                yield Spot(path, f"{name} is called by {caller}, which is not a component", caller)


@rule("BL103", Level.WARNING)
def callee_names_its_callers(blueprint: Blueprint) -> Iterator[Spot]:
    """Whoever calls a component by the page stands in that component's `calledBy`."""
    calling: dict[str, list[str]] = defaultdict(list)
    for caller, component in blueprint.components.items():
        for call in component.calls:
            if call.source is Source.PAGE:
                calling[call.to].append(caller)
    for name, component in blueprint.components.items():
        callers = [caller for caller in calling[name] if caller not in component.called_by]
        if callers:
            field = "calledBy" if component.called_by else "row"
            message = f"calledBy of {name} does not name {', '.join(callers)}, which {_call(callers)} it"
            yield Spot(("components", name, field), message)


def _call(callers: list[str]) -> str:
    return "calls" if len(callers) == 1 else "call"


@rule("BL104", Level.WARNING)
def caller_names_its_callee(blueprint: Blueprint) -> Iterator[Spot]:
    """A caller in `calledBy` has the call too, whatever its source."""
    for name, component in blueprint.components.items():
        for index, caller in enumerate(component.called_by):
            found = blueprint.components.get(caller)
            if found and name not in {call.to for call in found.calls}:
                path = ("components", name, "calledBy", index)
                yield Spot(path, f"{name} is called by {caller}, but {caller} does not call {name}", caller)


@rule("BL105", Level.ERROR)
def callee_has_a_service(blueprint: Blueprint) -> Iterator[Spot]:
    """A component that is called has a Service to be called by."""
    for name, component in blueprint.components.items():
        for index, call in enumerate(component.calls):
            callee = blueprint.components.get(call.to)
            if callee and callee.service is None:
                path = ("components", name, "calls", index)
                yield Spot(path, f"{name} calls {call.to}, which has no Service", call.to)
        if component.called_by and component.service is None:
            callers = ", ".join(component.called_by)
            yield Spot(("components", name, "calledBy"), f"{name} is called by {callers}, but has no Service")


@rule("BL106", Level.ERROR)
def called_ports_are_promised(blueprint: Blueprint) -> Iterator[Spot]:
    """The ports that a call names are ports of the callee's Service."""
    for name, component in blueprint.components.items():
        for index, call in enumerate(component.calls):
            callee = blueprint.components.get(call.to)
            promised = {port.port for port in callee.service.ports} if callee and callee.service else set()
            for port in call.ports if promised else ():
                if port not in promised:
                    path = ("components", name, "calls", index, "ports")
                    has = ", ".join(f"{one}" for one in sorted(promised))
                    yield Spot(path, f"{name} calls {call.to} on port {port}; its Service has {has}", call.to)


def calls_leading_nowhere(blueprint: Blueprint) -> list[str]:
    """Return the calls of which no check can be made, for want of a callee, its Service or the port: in sentences."""
    return [
        spot.message
        for look in (callee_exists, callee_has_a_service, called_ports_are_promised)
        for spot in look(blueprint)
    ]


@rule("BL107", Level.ERROR)
def calls_are_named_once(blueprint: Blueprint) -> Iterator[Spot]:
    """A component names each callee and each caller once."""
    for name, component in blueprint.components.items():
        callees = [call.to for call in component.calls]
        for field, others in (("calls", callees), ("calledBy", list(component.called_by))):
            for index, other in enumerate(others):
                if other in others[:index]:
                    yield Spot(("components", name, field, index), f"{name} names {other} twice", other)
