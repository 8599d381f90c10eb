"""Call edges, as far as the API's own objects break them."""

from cx_conformance.blueprint.component import Call
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object


def _ends(fact: Fact, ground: Ground) -> tuple[str, str]:
    """Return the caller and the callee."""
    if fact.field.endswith("called_by"):
        return fact.value, fact.component
    return fact.component, fact.of(Call).to


def _pods_of(name: str, ground: Ground) -> Object:
    if name not in ground.base.components:
        raise Inapplicable("it is not installed in the cluster")
    return {"matchLabels": dict(ground.template_of(ground.base.components[name])["metadata"]["labels"])}


def _port(callee: str, fact: Fact, ground: Ground) -> int:
    service = ground.base.components[callee].service
    if service is None:
        raise Inapplicable("the callee has no Service")
    if fact.field.endswith("ports"):
        return next(one.container_port for one in service.ports if one.port == fact.value)
    wanted = fact.of(Call).ports if fact.field.startswith("calls") else ()
    return next(one.container_port for one in service.ports if not wanted or one.port in wanted)


def _policy(namespace: str, **spec: object) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "campaign", "namespace": namespace},
        "spec": spec,
    }


def _caller(fact: Fact) -> str:
    return str(fact.value) if fact.field.endswith("called_by") else fact.component


EDGE = ("calls.to", "calls.ports", "called_by")


@breaks(*EDGE, how="refusing", words="campaign", told_of=_caller)
def callee_lets_in_all_but_the_caller(fact: Fact, ground: Ground) -> None:
    """A policy on the callee lets in the whole platform, but for the caller."""
    caller, callee = _ends(fact, ground)
    others = [name for name in ground.base.components if name != caller]
    sources = [
        {
            "namespaceSelector": {
                "matchLabels": {"kubernetes.io/metadata.name": ground.base.components[name].namespace.name}
            },
            "podSelector": _pods_of(name, ground),
        }
        for name in others
    ]
    namespace = ground.base.components[callee].namespace.name if callee in ground.base.components else ""
    ground.manifests.append(
        _policy(namespace, podSelector=_pods_of(callee, ground), policyTypes=["Ingress"], ingress=[{"from": sources}])
    )


@breaks(*EDGE, how="refusing", words="campaign", told_of=_caller)
def callee_lets_in_on_another_port(fact: Fact, ground: Ground) -> None:
    """A policy on the callee lets everybody in, on the next port."""
    _, callee = _ends(fact, ground)
    pods = _pods_of(callee, ground)
    port = _port(callee, fact, ground)
    ports = [{"protocol": "TCP", "port": other} for other in (port - 1, port + 1)] + [{"protocol": "UDP", "port": port}]
    namespace = ground.base.components[callee].namespace.name
    ground.manifests.append(_policy(namespace, podSelector=pods, policyTypes=["Ingress"], ingress=[{"ports": ports}]))


@breaks(*EDGE, how="refusing", words="campaign", told_of=_caller)
def caller_not_let_out(fact: Fact, ground: Ground) -> None:
    """A policy on the caller lets it out to DNS only."""
    caller, callee = _ends(fact, ground)
    _pods_of(callee, ground)
    dns = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    namespace = ground.base.components[caller].namespace.name
    ground.manifests.append(
        _policy(namespace, podSelector=_pods_of(caller, ground), policyTypes=["Egress"], egress=[{"ports": dns}])
    )


@breaks(*EDGE, how="refusing", words="campaign", told_of=_caller)
def caller_without_dns(fact: Fact, ground: Ground) -> None:
    """A policy on the caller lets it out to every pod, on TCP only."""
    caller, callee = _ends(fact, ground)
    _pods_of(callee, ground)
    namespace = ground.base.components[caller].namespace.name
    out = [{"to": [{"namespaceSelector": {}}], "ports": [{"protocol": "TCP"}]}]
    ground.manifests.append(
        _policy(namespace, podSelector=_pods_of(caller, ground), policyTypes=["Egress"], egress=out)
    )
