"""What lies below an Ingress path is led to its backend, or it is said why not."""

from typing import Any

import pytest

from cx_conformance.cluster.ingress import Ingress, ingress
from cx_conformance.cluster.path_reach import NGINX, why_not_below
from cx_conformance.cluster.routes import Route

TRAEFIK = "traefik.io/ingress-controller"
USE_REGEX = {"nginx.ingress.kubernetes.io/use-regex": "true"}
REWRITE = {"nginx.ingress.kubernetes.io/rewrite-target": "/$2"}
REWRITTEN = "/ccm(/|$)(.*)"


def made(path: str, kind: str = "Prefix", host: str = "cx.example.com", **annotations: str) -> Ingress:
    """Make an Ingress of one path."""
    backend = {"service": {"name": "ef-ccm-svc", "port": {"number": 8081}}}
    rules = [{"host": host, "http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}}]
    source: dict[str, Any] = {
        "metadata": {"name": "ef-ccm", "namespace": "expertflow", "annotations": annotations},
        "spec": {"rules": rules},
    }
    return ingress(source)


def why(one: Ingress, controller: str = NGINX, *others: Ingress) -> str:
    """Return why nothing below is led on; empty where it is."""
    return why_not_below(Route(one, one.paths[0]), controller, (one, *others)) or ""


@pytest.mark.parametrize(
    ("one", "controller"),
    [
        (made("/ccm"), NGINX),
        (made("/ccm/"), TRAEFIK),
        (made(REWRITTEN, "ImplementationSpecific", **USE_REGEX), NGINX),
        (made(REWRITTEN, "ImplementationSpecific", **REWRITE), NGINX),
        (made("^/ccm(.*)", "ImplementationSpecific", **USE_REGEX), NGINX),
        (made(REWRITTEN, "Exact", **USE_REGEX), NGINX),
        (made(REWRITTEN, "ImplementationSpecific"), TRAEFIK),
        (made("/ccm(?<rest>.*)", **USE_REGEX), NGINX),
    ],
)
def test_what_is_below_is_led_on(one: Ingress, controller: str) -> None:
    """Plain prefixes, rewritten paths, and an expression that only nginx can read."""
    assert not why(one, controller)


@pytest.mark.parametrize(
    ("one", "controller", "words"),
    [
        (made("/ccm", "Exact"), NGINX, "pathType Exact leads /ccm alone there"),
        (made("/ccm", "Exact"), TRAEFIK, "pathType Exact leads /ccm alone there"),
        (made("/ccm", "Exact", **USE_REGEX), TRAEFIK, "pathType Exact leads /ccm alone there"),
        (made("/ccm/?$", **USE_REGEX), NGINX, "the expression /ccm/?$ matches nothing below /ccm"),
        (made(REWRITTEN), NGINX, "reads /ccm(/|$)(.*) letter by letter"),
        (made(REWRITTEN, **{"nginx.ingress.kubernetes.io/use-regex": "false"}), NGINX, "letter by letter"),
    ],
)
def test_what_is_below_is_not_led_on(one: Ingress, controller: str, words: str) -> None:
    """An exact path, an expression that ends too soon, one that is read as text."""
    assert words in why(one, controller)


def test_one_ingress_makes_expressions_of_all_paths_of_its_host_and_of_no_other() -> None:
    """As the controller's documentation warns."""
    one = made(REWRITTEN, "ImplementationSpecific")
    assert not why(one, NGINX, made("/other", host="CX.example.com", **USE_REGEX))
    assert "letter by letter" in why(one, NGINX, made("/other", host="cx.example.org", **USE_REGEX))


def test_a_path_at_the_root_has_everything_below_it() -> None:
    """The slash is not doubled."""
    assert not why(made("/(.*)", **USE_REGEX))
