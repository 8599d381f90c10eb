"""Pods of a service mesh, whose proxy stands between them and everybody else.

Who comes from outside of the mesh is turned away where mutual TLS is wanted of all (Istio: STRICT), or by a rule of the
mesh's own; and a call from such a pod is accepted by the proxy before it has gone anywhere. Port-forward comes out
behind the proxy (https://istio.io/latest/docs/ops/deployment/application-requirements/ and
https://linkerd.io/2/reference/iptables/).
"""

from typing import Final

from cx_conformance.objects.pod import Pod

_PROXIES: Final = frozenset({"istio-proxy", "linkerd-proxy", "kuma-sidecar", "consul-dataplane", "envoy-sidecar"})
_AMBIENT: Final = "ambient.istio.io/redirection"


def only_proxies_run(pod: Pod) -> bool:
    """Whether of a pod's ordinary containers only a mesh's proxies run any more: its Job does not end by itself."""
    running = {one.name for one in pod.statuses if one.role == "container" and one.state.state == "running"}
    return bool(running) and running <= _PROXIES


def proxy_of(pod: Pod) -> str:
    """Return the mesh's proxy before a pod, as messages name it; empty where there is none."""
    named = next((one.name for one in pod.spec.serving_containers if one.name in _PROXIES), "")
    if named:
        return f"container {named}"
    return "Istio's ztunnel of its node" if pod.annotations.get(_AMBIENT) == "enabled" else ""
