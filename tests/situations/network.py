"""The network between here and the API server."""

import socket
import ssl
from functools import partial

from tests.api.api_server import Reply
from tests.api.test_client_tls import make_pair, server_context
from tests.probes.authority import Authority
from tests.situations.command import Done, be_patient_for
from tests.situations.situation import situation
from tests.situations.stage import Act

GROUP = "Network"


@situation(GROUP, status=3)
def refused(act: Act) -> Done:
    """Nothing listens at the API server's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return act.look(f"https://127.0.0.1:{free.getsockname()[1]}")


@situation(GROUP, status=3)
def unknown_name(act: Act) -> Done:
    """The API server's name is not known to DNS."""
    return act.look("https://no-such-cluster.invalid:6443")


@situation(GROUP, status=3)
def silent(act: Act) -> Done:
    """The API server accepts connections and says nothing."""
    listener = act.opened.enter_context(socket.create_server(("127.0.0.1", 0)))
    return act.look(f"http://127.0.0.1:{listener.getsockname()[1]}", bend=partial(be_patient_for, seconds=1, tries=3))


@situation(GROUP, status=3)
def silent_until_the_limit(act: Act) -> Done:
    """The API server says nothing; `--time-limit 5`."""
    listener = act.opened.enter_context(socket.create_server(("127.0.0.1", 0)))
    return act.look(f"http://127.0.0.1:{listener.getsockname()[1]}", "--time-limit", "5")


@situation(GROUP, status=3)
def unknown_authority(act: Act) -> Done:
    """The API server's certificate is of an authority that the kubeconfig does not have."""
    authority = Authority(act.folder)
    other = make_pair(act.folder, "other")
    server = act.server(tls=authority.server("127.0.0.1"))
    return server.look(cluster={"certificate-authority-data": other.encoded})


@situation(GROUP, status=3)
def another_name(act: Act) -> Done:
    """The API server's certificate is for another name."""
    authority = Authority(act.folder)
    server = act.server(tls=authority.server("203.0.113.1"))
    return server.look(cluster={"certificate-authority": str(authority.file)})


@situation(GROUP, status=3)
def expired_certificate(act: Act) -> Done:
    """The API server's certificate has expired."""
    authority = Authority(act.folder)
    server = act.server(tls=authority.server("127.0.0.1", days=(-5, -2)))
    return server.look(cluster={"certificate-authority": str(authority.file)})


@situation(GROUP, status=3)
def no_client_certificate(act: Act) -> Done:
    """The API server wants a client certificate that the kubeconfig does not have."""
    pair, engineer = make_pair(act.folder, "server"), make_pair(act.folder, "engineer")
    context = server_context(pair, engineer)
    # In TLS 1.3 the handshake has ended before the server says no, and which of both is heard first is chance.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    server = act.server(tls=context)
    return server.look(cluster={"certificate-authority-data": pair.encoded})


@situation(GROUP, status=3)
def plain_http(act: Act) -> Done:
    """The port speaks plain HTTP where https is configured."""
    return act.look(act.server().address.replace("http:", "https:"))


@situation(GROUP, status=3)
def dead_proxy(act: Act) -> Done:
    """The proxy of the kubeconfig does not answer."""
    return act.look("https://cluster.example:6443", cluster={"proxy-url": "http://127.0.0.1:9"})


@situation(GROUP, status=3)
def another_server(act: Act) -> Done:
    """Something else answers at the address: a web page with 200."""
    server = act.server()
    server.api.always(lambda _request: Reply(raw=b"<html>Welcome</html>"), ".*")
    return server.look()
