"""Routes of APISIX: from the entrance on, where a gateway leads calls to components (4.9 on)."""

from collections.abc import Callable

from cx_conformance.blueprint.component import Ingress, OutsidePath
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.campaign.routing import Rule, rule_of

URL = "ingress.url"
FURTHER = "ingress.paths.path"


def _path(fact: Fact) -> str:
    """Return the promised path without what stands for all below it."""
    return fact.text.partition("}")[2] if fact.field == URL else fact.text.rstrip("/")


def _words(fact: Fact) -> tuple[str, ...]:
    return (_path(fact),)


def _of_its_path(fact: Fact) -> tuple[str, ...]:
    path: str = fact.of(OutsidePath).path
    return (path.rstrip("/"),)


def _service(fact: Fact, ground: Ground) -> tuple[str, str]:
    """Return namespace and name of the Service that the route should lead to."""
    about = ground.service(fact)["metadata"]
    return about["namespace"], about["name"]


def _break(fact: Fact, ground: Ground, change: Callable[[Rule], object]) -> None:
    with rule_of(fact, ground) as rule:
        change(rule)


def _lose(fact: Fact, ground: Ground, change: Callable[[Rule], object]) -> None:
    """Change the route so that it takes none of its calls, which none of its neighbours does."""
    with rule_of(fact, ground) as rule:
        rule.refuse_where_covered()
        change(rule)


@breaks(URL, FURTHER, how="absent", words=_words)
def route_absent(fact: Fact, ground: Ground) -> None:
    """It was never written."""
    _lose(fact, ground, lambda rule: rule.inside.remove(rule.written))


@breaks(URL, FURTHER, how="renamed", words=_words)
def route_for_a_path_renamed(fact: Fact, ground: Ground) -> None:
    """Another path."""

    def change(rule: Rule) -> None:
        rule.paths[:] = [f"/new{one}" for one in rule.paths]

    _lose(fact, ground, change)


@breaks(URL, how="wrong kind", words=_words)
def route_without_what_is_below(fact: Fact, ground: Ground) -> None:
    """The path alone, and nothing below it."""
    if fact.of(Ingress).exact:
        raise Inapplicable("the path alone is promised")

    def change(rule: Rule) -> None:
        rule.paths[:] = [one for one in rule.paths if not one.endswith("*")]

    _lose(fact, ground, change)


@breaks(URL, FURTHER, how="wrong reference", words=_words)
def route_to_another_component(fact: Fact, ground: Ground) -> None:
    """It leads to another component's Service and port."""
    other = ground.base.components[ground.other(fact)]
    service = other.service
    if service is None:
        raise Inapplicable("there is no other")

    def change(rule: Rule) -> None:
        port = service.ports[0]
        rule.lead(other.namespace.name, service.name, port.port if rule.is_object else port.name or "")

    _break(fact, ground, change)


@breaks(URL, FURTHER, how="wrong reference", words=_words)
def route_to_a_service_of_nobody(fact: Fact, ground: Ground) -> None:
    """The Service that it leads to is not there."""
    _break(fact, ground, lambda rule: rule.lead("expertflow", "gone-svc", 8080 if rule.is_object else "http"))


@breaks(URL, FURTHER, how="renamed", words=_words)
def route_to_a_port_of_nobody(fact: Fact, ground: Ground) -> None:
    """The Service has no port of that name, or number."""
    namespace, name = _service(fact, ground)
    _break(fact, ground, lambda rule: rule.lead(namespace, name, 9 if rule.is_object else "web"))


@breaks(URL, FURTHER, how="wrong reference", words=_words)
def route_to_the_metrics(fact: Fact, ground: Ground) -> None:
    """It leads to the Service's port for metrics."""
    namespace, name = _service(fact, ground)
    ground.service(fact)["spec"]["ports"].append({"name": "metrics", "port": 9404, "targetPort": 9404})
    _break(fact, ground, lambda rule: rule.lead(namespace, name, 9404 if rule.is_object else "metrics"))


@breaks(URL, FURTHER, how="wrong reference", words=_words)
def route_for_another_host(fact: Fact, ground: Ground) -> None:
    """The vendor's sample host was left in it."""
    _lose(fact, ground, lambda rule: rule.match.update(hosts=["devops.ef.com"]))


@breaks(URL, how="wrong kind", words=_words)
def route_for_reading_only(fact: Fact, ground: Ground) -> None:
    """It takes no POST."""
    if fact.of(Ingress).exact:
        raise Inapplicable("calls of an exact path are those of one page")
    _lose(fact, ground, lambda rule: rule.match.update(methods=["GET"]))


@breaks(URL, FURTHER, how="absent", words=_words)
def route_without_an_upstream(fact: Fact, ground: Ground) -> None:
    """It leads nowhere."""
    _break(fact, ground, lambda rule: rule.written.pop("backends" if rule.is_object else "upstream"))


@breaks(URL, FURTHER, how="extra", words=_words)
def route_behind_another(fact: Fact, ground: Ground) -> None:
    """One of higher priority takes the same calls elsewhere."""

    def change(rule: Rule) -> None:
        if rule.is_object:
            backend = {"serviceName": "gone-svc", "servicePort": 8080}
            rule.add(priority=9, backends=[backend])
        else:
            upstream = {
                "type": "roundrobin",
                "discovery_type": "kubernetes",
                "service_name": "expertflow/gone-svc:http",
            }
            rule.add(priority=9, upstream=upstream)

    _break(fact, ground, change)


@breaks(URL, how="wrong kind", words=_words)
def route_that_loses_the_path(fact: Fact, ground: Ground) -> None:
    """Whatever is called, the component is asked for one page."""
    _break(fact, ground, lambda rule: rule.plug_in("proxy-rewrite", uri="/index.html"))


@breaks(URL, FURTHER, how="wrong kind", words=_words)
def route_that_answers_itself(fact: Fact, ground: Ground) -> None:
    """A page for the time of an upgrade was left in it."""
    _break(fact, ground, lambda rule: rule.plug_in("fault-injection", abort={"http_status": 503}))


@breaks(URL, FURTHER, how="wrong kind", words=_words)
def route_switched_off(fact: Fact, ground: Ground) -> None:
    """Its status is 0."""

    def change(rule: Rule) -> None:
        if rule.is_object:
            raise Inapplicable("a rule of an ApisixRoute has no status of its own")
        rule.written["status"] = 0

    _lose(fact, ground, change)


@breaks("ingress.web_socket", "ingress.paths.web_socket", how="wrong kind", words=lambda _: ("enable_websocket",))
def route_without_web_sockets(fact: Fact, ground: Ground) -> None:
    """It lets no upgrade through."""
    _break(fact, ground, lambda rule: rule.written.pop(rule.web_socket, None))


@breaks("ingress.paths.open", how="wrong kind", words=lambda _: ("login",))
def route_with_a_login(fact: Fact, ground: Ground) -> None:
    """It asks who calls, where anybody may."""
    _break(fact, ground, lambda rule: rule.plug_in("openid-connect", client_id="cim"))


@breaks("ingress.paths.method", how="wrong kind", words=_of_its_path)
def route_for_another_method(fact: Fact, ground: Ground) -> None:
    """It takes calls of a method that nobody makes."""
    _lose(fact, ground, lambda rule: rule.match.update(methods=["PURGE"]))
