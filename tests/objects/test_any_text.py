"""Quantities, ports and paths that anybody may have written: read or refused, never a traceback."""

import re
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from cx_conformance.blueprint.quantity import Quantity
from cx_conformance.cluster.ports import container_port_for
from cx_conformance.cluster.routes import is_expression, literal_path, routes
from cx_conformance.objects.ingress import ingress
from cx_conformance.objects.pod import pod
from cx_conformance.objects.service import service

ANY = st.text(max_size=60)
ODD = st.one_of(ANY, st.integers(), st.none(), st.booleans(), st.floats(), st.lists(ANY, max_size=2))
NEARLY = st.from_regex(r"[+-]?[0-9]*\.?[0-9]*(e[0-9]{0,4}|E[0-9]{0,3}|[a-zA-Z]{0,3})", fullmatch=True)


@given(st.one_of(ANY, NEARLY))
def test_any_text_is_a_quantity_or_none(text: str) -> None:
    """Refused by a ValueError; what is read compares and is shown as it was written."""
    with suppress(ValueError):
        read = Quantity.parse(text)
        assert not read < Quantity.parse(str(read))
        assert str(read) == text.strip() or str(read) == text


@given(st.one_of(ANY, st.text("/().*|$^[]{}+?\\abc", max_size=30)))
def test_any_text_is_a_path(text: str) -> None:
    """The literal part holds nothing of an expression."""
    literal = literal_path(text)
    assert literal
    assert not re.search(r"[(\[{*+?|\\$]", literal)
    assert isinstance(is_expression(text), bool)


@given(path=ODD, host=ODD, name=ODD, number=ODD, tls=ODD)
def test_any_ingress_has_routes_that_can_be_asked(
    path: object, host: object, name: object, number: object, tls: object
) -> None:
    """Whatever stands in path, host, backend and TLS."""
    backend = {"service": {"name": name, "port": {"number": number, "name": number}}}
    spec = {
        "rules": [{"host": host, "http": {"paths": [{"path": path, "backend": backend}, path]}}, host],
        "tls": [{"hosts": [host], "secretName": tls}, {"hosts": host}, tls],
    }
    for route in routes([ingress({"metadata": {"name": "x", "namespace": "y"}, "spec": spec})]):
        assert isinstance(route.literal, str)
        assert isinstance(route.host, str)
        assert route.tls_secret is None or isinstance(route.tls_secret, str)


@given(number=ODD, target=ODD, name=ODD, protocol=ODD)
def test_any_port_of_a_service_is_looked_up_in_any_pod(
    number: object, target: object, name: object, protocol: object
) -> None:
    """It leads to a port with a number, or to none."""
    port = {"port": number, "targetPort": target, "name": name, "protocol": protocol}
    of_pod = {"containerPort": target, "name": number, "protocol": protocol}
    live = service({"metadata": {"name": "x", "namespace": "y"}, "spec": {"ports": [port, number]}})
    behind = pod(
        {"metadata": {"name": "x"}, "spec": {"containers": [{"name": name, "ports": [of_pod, port, target]}, name]}}
    )
    for one in live.ports:
        found = container_port_for(one, behind)
        assert found is None or isinstance(found.number, int)
