"""The way to the cluster: kubeconfig and credentials."""

import sys

from tests.api.api_server import Reply, Request, refusal
from tests.api.test_kubeconfig import exec_user
from tests.situations.command import Done
from tests.situations.situation import situation
from tests.situations.stage import Act

GROUP = "Kubeconfig and credentials"
UNAUTHORIZED = refusal(401, "Unauthorized", "Unauthorized")


@situation(GROUP, status=2)
def no_kubeconfig(act: Act) -> Done:
    """There is no kubeconfig anywhere."""
    return act.run("--static")


@situation(GROUP, status=2)
def missing_kubeconfig(act: Act) -> Done:
    """The kubeconfig that is named does not exist."""
    return act.run("--kubeconfig", "missing")


@situation(GROUP, status=2)
def malformed_kubeconfig(act: Act) -> Done:
    """The kubeconfig is not YAML."""
    return act.run("--kubeconfig", act.write("kubeconfig", "clusters: ["))


@situation(GROUP, status=2)
def unknown_context(act: Act) -> Done:
    """The kubeconfig has no such context."""
    return act.run("--kubeconfig", act.kubeconfig("https://127.0.0.1:1"), "--context", "night")


@situation(GROUP, status=2)
def no_address(act: Act) -> Done:
    """The kubeconfig's server is no address."""
    return act.run("--kubeconfig", act.kubeconfig("cluster.example:6443"))


@situation(GROUP, status=2)
def missing_certificate_file(act: Act) -> Done:
    """A file that the kubeconfig names is missing."""
    path = act.kubeconfig("https://127.0.0.1:1", cluster={"certificate-authority": "ca.crt"})
    return act.run("--kubeconfig", path)


@situation(GROUP, status=3)
def missing_plug_in(act: Act) -> Done:
    """The credential plug-in is not installed."""
    return act.look("https://127.0.0.1:1", user=exec_user("kubelogin-that-is-not-there"))


@situation(GROUP, status=3)
def plug_in_wants_login(act: Act) -> Done:
    """The credential plug-in wants somebody to log in."""
    return act.look(
        "https://127.0.0.1:1", user=exec_user(sys.executable, "-c", "import sys; sys.exit('please log in')")
    )


@situation(GROUP, status=3)
def plug_in_prints_nonsense(act: Act) -> Done:
    """The credential plug-in prints no credential."""
    return act.look("https://127.0.0.1:1", user=exec_user("echo", "Welcome to Acme"))


@situation(GROUP, status=3)
def plug_in_hangs(act: Act) -> Done:
    """The credential plug-in waits for a browser that nobody has; `--time-limit 5`."""
    return act.look("https://127.0.0.1:1", "--time-limit", "5", user=exec_user("sleep", "9"))


@situation(GROUP, status=3)
def expired_credentials(act: Act) -> Done:
    """The credentials have expired (401)."""
    server = act.server()
    server.api.always(lambda _request: UNAUTHORIZED, ".*")
    return server.look()


@situation(GROUP, status=3)
def nobody(act: Act) -> Done:
    """The client certificate does not arrive: a load balancer ends TLS before the API server (403, anonymous)."""
    server = act.server()
    words = 'services is forbidden: User "system:anonymous" cannot list resource "services" at the cluster scope'
    server.api.always(lambda _request: refusal(403, "Forbidden", words), "/(api|apis)/.*")
    return server.look()


@situation(GROUP, status=3)
def credentials_expire_midway(act: Act) -> Done:
    """The credentials expire in the middle of the look."""
    server = act.server()

    def late(request: Request) -> Reply | None:
        return UNAUTHORIZED if request.path.endswith("/configmaps") else None

    server.api.weather.append(late)
    return server.look()


@situation(GROUP, status=0)
def renewed_credentials(act: Act) -> Done:
    """The token was renewed in the kubeconfig since it was read (401 once)."""
    server = act.server()
    server.api.once(UNAUTHORIZED, "/services")
    return server.look()
