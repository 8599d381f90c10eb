"""The platform's Ingress rules together: which of them counts for a path, which class serves it, who else claims it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice, takewhile
from typing import TypeVar

from cx_conformance.cluster.gateway import runs_apisix
from cx_conformance.cluster.path_reach import keeps_path
from cx_conformance.cluster.routes import Route, literal_path, routes
from cx_conformance.cluster.running_controllers import RunningController, running_controllers
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.ingress import Ingress, IngressClass
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.looking import CouldNotLook

K = TypeVar("K")


class Routing:
    """The rules of the platform's namespaces; asking raises CouldNotLook where Ingresses could not be listed."""

    def __init__(self, snapshot: Snapshot, namespaces: Sequence[str]) -> None:
        """Look into ``snapshot`` for the rules of ``namespaces``."""
        self._snapshot = snapshot
        self._namespaces = namespaces
        self._gateways: dict[tuple[str, str], bool] = {}

    @cached_property
    def all(self) -> tuple[Route, ...]:
        """Every rule, in the order of the namespaces."""
        return tuple(one for namespace in self._namespaces for one in routes(self._snapshot.list(Ingress, namespace)))

    def best(self, path: str, services: Collection[str], host: str) -> Route | None:
        """Return the rule for ``path``; None where there is none.

        Of several the one that answers for ``host`` counts, as it does for a controller: by its name, then by a
        wildcard or for any host; then one that is no canary, and that leads to one of ``services``.
        """
        found = self._by_path.get(literal_path(path), ())
        return max(
            found,
            key=lambda one: (_answers(one, host), not one.ingress.is_canary, one.path.service in services),
            default=None,
        )

    def to(self, services: Iterable[str]) -> tuple[Route, ...]:
        """Return every rule that leads to one of these Services."""
        return tuple(one for name in services for one in self._by_service.get(name, ()))

    def to_gateway(self, host: str) -> Route | None:
        """Return the rule that leads everything to APISIX, whose routes are its own; None where there is none.

        Of several the one that answers for ``host`` counts, if ``host`` is known.
        """
        every = [one for one in self._by_path.get("/", ()) if self.leads_to_gateway(one)]
        return max(every, key=lambda one: (_answers(one, host), not one.ingress.is_canary), default=None)

    def leads_to_gateway(self, route: Route) -> bool:
        """Whether a rule leads to APISIX, which leads on by routes of its own."""
        place = route.ingress.namespace, route.path.service
        if place not in self._gateways:
            self._gateways[place] = runs_apisix(self._snapshot, *place)
        return self._gateways[place]

    @cached_property
    def takes_paths_away(self) -> bool:
        """Whether most rules ask their backends without the path that they lead, by a rewrite-target."""
        own = [one for one in self.all if one.literal != "/"]
        return 2 * sum(map(keeps_path, own)) < len(own)

    @property
    def has_apisix(self) -> bool:
        """Whether APISIX's controller has a class here: routes may be written as its own objects then (CX 4.9)."""
        try:
            return any(one.controller.startswith("apisix.apache.org/") for one in self._snapshot.list(IngressClass))
        except CouldNotLook:
            return False

    @cached_property
    def default_classes(self) -> tuple[str, ...]:
        """The classes that say they are the default, the newest first: the API server gives that to new Ingresses."""
        defaults = [one for one in self._snapshot.list(IngressClass) if one.is_default]
        return tuple(one.name for one in sorted(defaults, key=lambda one: (-_age(one), one.name)))

    def class_of(self, ingress: Ingress) -> str:
        """Return the class that serves ``ingress``: the one it names, else the default; empty where neither is seen.

        Where a controller serves it without either, that is a class of this controller.
        """
        if ingress.class_name:
            return ingress.class_name
        try:
            default = next(iter(self.default_classes), "")
            served = self.served_without_class(ingress) if not default else None
            of = served.name if served else None
            return default or next((one.name for one in self._snapshot.list(IngressClass) if one.controller == of), "")
        except CouldNotLook:
            return ""

    def controller_of(self, ingress: Ingress) -> str:
        """Return the controller of the class that serves ``ingress``; empty where there is none, or none is seen."""
        try:
            found = self._snapshot.get(IngressClass, None, self.class_of(ingress))
        except CouldNotLook:
            return ""
        served = None if found else self.served_without_class(ingress)
        return found.controller if found else served.name if served else ""

    def served_without_class(self, ingress: Ingress) -> RunningController | None:
        """Return the controller that serves ``ingress`` by its own options, no IngressClass needed; None: none seen."""
        return next((one for one in self._controllers if one.serves(ingress)), None)

    def serves_by_default_certificate(self, ingress: Ingress) -> RunningController | None:
        """Return the controller of ``ingress`` that has a certificate for every host; None: none is seen."""
        name = self.controller_of(ingress)
        return next((one for one in self._controllers if one.name == name and one.default_certificate), None)

    def serves_by_resolver(self, ingress: Ingress) -> RunningController | None:
        """Return the Traefik that has certificates made for whatever it serves ``ingress`` by; None: none is seen."""
        name = self.controller_of(ingress)
        return next((one for one in self._controllers if one.name == name and one.resolver), None)

    def seen_running(self, ingress: Ingress) -> bool:
        """Whether a pod of the controller of ``ingress`` is seen, and with it the options that it was started by."""
        name = self.controller_of(ingress)
        return any(one.name == name for one in self._controllers)

    def traefik_serves(self, controller: str) -> bool:
        """Whether a Traefik is seen that serves what was written for ``controller``."""
        return any(one.name == controller and one.is_traefik for one in self._controllers)

    def down(self, controller: str) -> str:
        """Return a pod of ``controller`` where none of its pods is ready; empty where one is, or none is seen."""
        own = [one for one in self._controllers if one.name == controller]
        return "" if any(one.ready for one in own) else next((one.pod for one in own), "")

    def pods_of(self, controller: str) -> Iterator[Pod]:
        """Yield a pod of ``controller`` for each way that it is started; none where none is seen."""
        for one in self._controllers:
            found = self._snapshot.get(Pod, *one.pod.split("/", 1)) if one.name == controller else None
            if found is not None:
                yield found

    def deaf_without_class(self, ingress: Ingress, name: str) -> str:
        """Return the pod of the controller of class ``name``, where that serves ``ingress`` only if it names the class.

        Empty where it serves it, or no pod of it is seen.
        """
        found = self._snapshot.get(IngressClass, None, name)
        own = [one for one in self._controllers if found and one.name == found.controller]
        return "" if any(one.serves(ingress) for one in own) else next((one.pod for one in own), "")

    @cached_property
    def _controllers(self) -> tuple[RunningController, ...]:
        return running_controllers(self._snapshot)

    def beside(self, ingress: Ingress) -> tuple[Ingress, ...]:
        """Return every visible Ingress of the same class, ``ingress`` among them."""
        name = self.class_of(ingress)
        return tuple(one for one in self._snapshot.visible(Ingress) if self.class_of(one) == name)

    def rivals(self, route: Route) -> tuple[Route, ...]:
        """Return the other rules of the same class for the same host and path; a canary is meant to share them."""
        return tuple(
            other
            for other in self._by_claim[route.literal, route.host]
            if (other.ingress.where != route.ingress.where or other.path != route.path)
            and self.class_of(other.ingress) == self.class_of(route.ingress)
            and not (other.ingress.is_canary or route.ingress.is_canary)
        )

    def parts(self, route: Route, path: str) -> tuple[Route, ...]:
        """Return the rules of the same class and host that lead something below ``path``, which ``route`` leads.

        The longer path comes first. What lies below the root is everything, and no part of it.
        """
        below, served = f"{path.rstrip('/')}/", self._by_host.get(route.host, [])
        if below == "/":
            return ()
        begin = bisect_left(served, below, key=lambda one: one[0])
        # Sorted by path those that begin alike stand together.
        found = takewhile(lambda one: one[0].startswith(below), islice(served, begin, None))
        return tuple(
            other
            for _, some in found
            for other in some
            if self.class_of(other.ingress) == self.class_of(route.ingress) and not other.ingress.is_canary
        )

    @cached_property
    def _by_host(self) -> Mapping[str, list[tuple[str, list[Route]]]]:
        """Return the rules that are visible by host, then by path, sorted."""
        found: dict[str, list[tuple[str, list[Route]]]] = defaultdict(list)
        for (literal, host), some in sorted(self._by_claim.items(), key=lambda one: one[0]):
            found[host].append((literal, some))
        return found

    @cached_property
    def _by_path(self) -> Mapping[str, list[Route]]:
        return _grouped(self.all, lambda one: one.literal)

    @cached_property
    def _by_service(self) -> Mapping[str, list[Route]]:
        return _grouped(self.all, lambda one: one.path.service)

    @cached_property
    def _by_claim(self) -> Mapping[tuple[str, str], list[Route]]:
        """Every rule that is visible, those of others too, by path and host."""
        return _grouped(routes(self._snapshot.visible(Ingress)), lambda one: (one.literal, one.host))


def _answers(route: Route, host: str) -> int:
    if not host or route.host == host:
        return 2
    return 1 if route.host in ("", f"*.{host.partition('.')[2]}") else 0


def _age(one: IngressClass) -> float:
    return one.created.timestamp() if one.created else 0.0


def _grouped(some: Iterable[Route], key: Callable[[Route], K]) -> Mapping[K, list[Route]]:
    groups: defaultdict[K, list[Route]] = defaultdict(list)
    for one in some:
        groups[key(one)].append(one)
    return groups
