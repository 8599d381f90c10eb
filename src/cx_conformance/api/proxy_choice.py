"""Through which proxy the API server is asked: by the rules of kubectl, not the client's.

The client lets NO_PROXY take a kubeconfig's own ``proxy-url`` away, which kubectl uses in any environment; it asks
127.0.0.1 through the environment's proxy, as in the kubeconfigs of k3s and RKE2 on their nodes; and it reads NO_PROXY
by rules of its own.
https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config.ProxyFunc
"""

import base64
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cx_conformance.api.no_proxy import goes_straight

if TYPE_CHECKING:
    from kubernetes.client import Configuration


def choose_proxy(configuration: "Configuration", proxy_url: str | None) -> None:
    """Set the proxy of a configuration that the client has read; ``proxy_url`` is the kubeconfig's, if it has one."""
    if not proxy_url and goes_straight(configuration.host, configuration.no_proxy or ""):
        configuration.proxy = None
    configuration.no_proxy = None


def log_in_to_proxy(configuration: "Configuration") -> None:
    """Give an HTTP proxy the login that stands in its address, as kubectl does; the client sends none.

    https://github.com/kubernetes-client/python/issues/1696; SOCKS has a login of its own, which is taken from there.
    """
    address = urlsplit(configuration.proxy or "")
    if address.scheme in ("http", "https") and address.username is not None:
        login = f"{unquote(address.username)}:{unquote(address.password or '')}"
        basic = base64.b64encode(login.encode()).decode("ascii")
        configuration.proxy_headers = {"proxy-authorization": f"Basic {basic}"}
