"""What an installation of the plan will ask of the cluster, by what its components promise to request."""

from decimal import Decimal

from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.resources import Amounts
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.room import Amount, amount


class Requirements:
    """Sums over the components of one namespace, or of all."""

    def __init__(self, plan: Plan, namespace: str | None = None) -> None:
        """Count the components whose first namespace is ``namespace``; None: every one."""
        self._components = [
            one for one in plan.components.values() if namespace is None or one.namespaces[0] == namespace
        ]

    @property
    def total(self) -> Amount:
        """Return what all pods request together."""
        return sum((_requests(one).times(Decimal(max(one.replicas[0], 0))) for one in self._components), Amount())

    @property
    def largest(self) -> tuple[str, Amount]:
        """Return the component whose pod requests the most memory, and what; an empty name where none says."""
        found = [(one.id, _requests(one)) for one in self._components if one.facts.resources]
        return max(found, key=lambda pair: (pair[1].memory, pair[1].cpu), default=("", Amount()))

    @property
    def largest_limit(self) -> Amount:
        """Return the largest CPU and the largest memory that any container is limited to, or requests."""
        said = [each for one in self._components if one.facts.resources for each in (_requests(one), _limits(one))]
        return Amount(
            cpu=max((one.cpu for one in said), default=Decimal(0)),
            memory=max((one.memory for one in said), default=Decimal(0)),
        )

    @property
    def limits(self) -> Amount:
        """Return what all pods are limited to together, as far as a limit is promised."""
        return sum((_limits(one).times(Decimal(max(one.replicas[0], 0))) for one in self._components), Amount())

    @property
    def unsaid(self) -> frozenset[str]:
        """Return what some component promises no amount of, as ``limits.cpu``; a request not given is the limit."""
        found = set()
        for one in self._components:
            of = one.facts.resources
            limits, requests = (of.limits.promised, of.requests.promised) if of else ({}, {})
            for name in ("cpu", "memory"):
                found |= {f"limits.{name}"} if name not in limits else set()
                found |= {f"requests.{name}"} if name not in limits and name not in requests else set()
        return frozenset(found)

    @property
    def silent(self) -> int:
        """Return how many components promise no requests."""
        return sum(_requests(one) == Amount() for one in self._components)

    @property
    def pods(self) -> int:
        """Return how many pods there will be."""
        return sum(max(one.replicas[0], 0) for one in self._components)

    @property
    def claims(self) -> int:
        """Return how many claims there will be: of volumes with a size."""
        return sum(volume.size is not None for one in self._components for volume in one.facts.volumes)


def _requests(planned: Planned) -> Amount:
    return _amount(planned.facts.resources.requests) if planned.facts.resources else Amount()


def _limits(planned: Planned) -> Amount:
    return _amount(planned.facts.resources.limits) if planned.facts.resources else Amount()


def _amount(given: Amounts) -> Amount:
    return amount(str(given.cpu) if given.cpu else None, str(given.memory) if given.memory else None)
