"""What the account may not do."""

from tests.api.api_server import forbidden
from tests.situations.command import Done
from tests.situations.situation import situation
from tests.situations.stage import Act

GROUP = "Permissions"


@situation(GROUP, status=3)
def one_kind(act: Act) -> Done:
    """The account may not list one kind."""
    server = act.server()
    server.api.always(lambda request: forbidden(request.path), r".*/configmaps")
    return server.look()


@situation(GROUP, status=0)
def one_kind_by_namespace(act: Act) -> Done:
    """The account may list one kind in its namespaces only."""
    server = act.server()
    server.api.always(lambda request: forbidden(request.path), r"/api/v1/configmaps")
    return server.look()


@situation(GROUP, status=3)
def no_nodes(act: Act) -> Done:
    """The account may not list nodes."""
    server = act.server()
    server.api.always(lambda request: forbidden(request.path), r"/api/v1/nodes")
    return server.look()


@situation(GROUP, status=3)
def no_secrets(act: Act) -> Done:
    """The account may not read Secrets."""
    server = act.server()
    server.api.always(lambda request: forbidden(request.path), r".*/secrets/.*")
    return server.look()


@situation(GROUP, status=3)
def nothing(act: Act) -> Done:
    """The account may do nothing but ask for the version."""
    server = act.server()
    server.api.always(lambda request: forbidden(request.path), r"/(api|apis)/.*")
    return server.look()


@situation(GROUP, status=3)
def not_even_the_version(act: Act) -> Done:
    """The account may not even ask for the version."""
    server = act.server()
    server.api.always(lambda request: forbidden(request.path), r".*")
    return server.look()


@situation(GROUP, status=3)
def no_exec(act: Act) -> Done:
    """The account may not exec into pods (live: the call edges)."""
    return act.run("--sandbox=exec-forbidden", "--site", act.site(), "--only", "edges")


@situation(GROUP, status=3)
def no_port_forward(act: Act) -> Done:
    """The account may not forward ports (live: the health endpoints)."""
    return act.run("--sandbox=portforward-forbidden", "--site", act.site(), "--only", "health")
