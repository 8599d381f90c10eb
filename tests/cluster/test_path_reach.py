"""What lies below an Ingress path is led to its backend, or it is said why not."""

from typing import Any

import pytest

from cx_conformance.cluster.path_reach import bars, doubts, shared_cause, why_not_below
from cx_conformance.cluster.routes import Route
from cx_conformance.cluster.running_controllers import NGINX, TRAEFIK
from cx_conformance.objects.ingress import Ingress, ingress

USE_REGEX = {"nginx.ingress.kubernetes.io/use-regex": "true"}
REWRITE = {"nginx.ingress.kubernetes.io/rewrite-target": "/$2"}
BY_EXPRESSION = {"traefik.ingress.kubernetes.io/router.pathmatcher": "PathRegexp"}
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
    return why_not_below(Route(one, one.paths[0]), controller, (one, *others), runs=True) or ""


@pytest.mark.parametrize(
    ("one", "controller"),
    [
        (made("/ccm"), NGINX),
        (made("/ccm/"), TRAEFIK),
        (made(REWRITTEN, "ImplementationSpecific", **USE_REGEX), NGINX),
        (made(REWRITTEN, "ImplementationSpecific", **REWRITE), NGINX),
        (made("^/ccm(.*)", "ImplementationSpecific", **USE_REGEX), NGINX),
        (made(REWRITTEN, "Exact", **USE_REGEX), NGINX),
        (made(REWRITTEN, "ImplementationSpecific", **BY_EXPRESSION), TRAEFIK),
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
        (made("/ccm", **{"nginx.ingress.kubernetes.io/canary": "true"}), NGINX, "it is a canary"),
        (made(REWRITTEN, **{"nginx.ingress.kubernetes.io/use-regex": "false"}), NGINX, "letter by letter"),
        (
            made("/ccm", **{"nginx.ingress.kubernetes.io/permanent-redirect": "https://example.com"}),
            NGINX,
            "ingress-nginx sends every call elsewhere (annotation permanent-redirect)",
        ),
        (
            made("/ccm", **{"nginx.ingress.kubernetes.io/temporal-redirect": "https://example.com"}),
            NGINX,
            "ingress-nginx sends every call elsewhere (annotation temporal-redirect)",
        ),
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


@pytest.mark.parametrize(
    ("path", "target", "words"),
    [
        (REWRITTEN, "/$2", ""),
        ("/ccm/(.*)", "/$1", ""),
        ("/ccm(.*)", "$1", ""),
        (REWRITTEN, "/api/$2", ""),
        (REWRITTEN, "/", "rewrite-target / with path /ccm(/|$)(.*) makes / of /ccm/below"),
        ("/ccm/(.*)", "/$2", "makes / of /ccm/below"),
        (REWRITTEN, "/$1", "makes // of /ccm/below"),
        (REWRITTEN, "/$0", "makes / of /ccm/below"),
        ("/ccm(?P>rest)(.*)", "/$1", ""),
    ],
)
def test_what_rewriting_loses_is_told(path: str, target: str, words: str) -> None:
    """ingress-nginx replaces the whole path by the target; a group that the path does not have is empty.

    Of an expression that only nginx can read nothing is known.
    """
    one = made(path, "ImplementationSpecific", **{"nginx.ingress.kubernetes.io/rewrite-target": target})
    assert why(one).startswith(words) or words in why(one)
    assert bool(why(one)) == bool(words)
    assert not why(one, "haproxy.org/ingress-controller")


@pytest.mark.parametrize(
    ("scheme", "annotations", "deaf"),
    [
        ("https", {}, True),
        ("https", {"backend-protocol": "HTTPS"}, False),
        ("https", {"backend-protocol": " https "}, False),
        ("https", {"backend-protocol": "AUTO_HTTP"}, False),
        ("https", {"ssl-passthrough": "true"}, False),
        ("http", {}, False),
        ("http", {"backend-protocol": "HTTPS"}, True),
        ("dashboard", {"backend-protocol": "HTTPS"}, False),
    ],
)
def test_a_backend_is_spoken_to_in_its_own_protocol(scheme: str, annotations: dict[str, str], deaf: bool) -> None:
    """Plain HTTP unless an annotation says otherwise; of other controllers, and other names, nothing is known."""
    one = made("/ccm", **{f"nginx.ingress.kubernetes.io/{name}": value for name, value in annotations.items()})
    route = Route(one, one.paths[0])
    for controller, told in ((NGINX, deaf), ("k8s.io/ingress-nginx-internal", deaf), (TRAEFIK, False)):
        words = [f"speaks {one} to a port of {scheme.upper()}" for one in ("HTTP", "HTTPS")]
        assert any(each in doubt for doubt in doubts(route, controller, scheme) for each in words) is told


def test_a_plain_path_with_a_rewrite_target_is_doubtful() -> None:
    """What is below is lost, unless the target is left over from an expression that is written elsewhere."""
    one = made("/ccm", **REWRITE)
    assert not why(one)
    assert list(doubts(Route(one, one.paths[0]), NGINX, "http")) == [
        "rewrite-target /$2 with path /ccm makes / of /ccm/below"
    ]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (made(REWRITTEN, **REWRITE), "from ingress-nginx 1.12 on /ccm(/|$)(.*) needs pathType ImplementationSpecific"),
        (
            made("/ccm", **{"nginx.ingress.kubernetes.io/configuration-snippet": "x"}),
            (
                "from ingress-nginx 1.9 on nginx.ingress.kubernetes.io/configuration-snippet counts only where "
                "allow-snippet-annotations is on"
            ),
        ),
    ],
)
def test_what_newer_controllers_refuse_is_doubtful(one: Ingress, words: str) -> None:
    """Which version serves is not to be seen from the API."""
    route = Route(one, one.paths[0])
    assert list(doubts(route, NGINX, "http")) == [words]
    assert words not in doubts(route, TRAEFIK, "http")


def test_a_path_at_the_root_has_everything_below_it() -> None:
    """The slash is not doubled."""
    assert not why(made("/(.*)", **USE_REGEX))


@pytest.mark.parametrize(
    ("path", "kind", "annotations", "lost"),
    [
        (REWRITTEN, "ImplementationSpecific", {}, True),
        (REWRITTEN, "ImplementationSpecific", REWRITE, True),
        (REWRITTEN, "ImplementationSpecific", BY_EXPRESSION, False),
        (REWRITTEN, "Prefix", BY_EXPRESSION, True),
        ("/ccm", "ImplementationSpecific", {}, False),
        ("/ccm{rest:(/.*)?}", "ImplementationSpecific", {}, False),
    ],
)
def test_traefik_reads_no_expressions(path: str, kind: str, annotations: dict[str, str], *, lost: bool) -> None:
    """What was written for ingress-nginx takes no call there; nobody says so but the clients' 404.

    Where no Traefik is seen to run it is doubtful, no more.
    """
    one = made(path, kind, **annotations)
    for controller in (TRAEFIK, "traefik.containo.us/ingress-controller"):
        found = why_not_below(Route(one, one.paths[0]), controller, [one], runs=True)
        assert ("Traefik takes" in (found or "")) is lost
        assert (found is not None) is lost
        doubtful = list(doubts(Route(one, one.paths[0]), controller, "http"))
        assert bool(doubtful) is (lost or "{" in path)
        assert why_not_below(Route(one, one.paths[0]), controller, [one], runs=False) is None


@pytest.mark.parametrize(("names", "told"), [("web", True), ("web,websecure", False), ("websecure", False)])
def test_an_entry_point_of_plain_http_alone_is_doubtful(names: str, told: bool) -> None:
    """HTTPS comes in by another, at which Traefik then knows nothing of the path."""
    one = made("/ccm", **{"traefik.ingress.kubernetes.io/router.entrypoints": names})
    doubtful = list(doubts(Route(one, one.paths[0]), TRAEFIK, "http"))
    assert ["entry point web alone" in each for each in doubtful] == [True] * told
    assert not list(doubts(Route(one, one.paths[0]), NGINX, "http"))


def test_what_paths_share_that_are_read_letter_by_letter_is_one_cause() -> None:
    """By whichever controller; other reasons are each path's own."""
    one = made(REWRITTEN, "ImplementationSpecific")
    for controller, words in ((NGINX, "use-regex"), (TRAEFIK, "and Traefik serves them")):
        lost = why_not_below(Route(one, one.paths[0]), controller, [one], runs=True)
        assert words in (shared_cause(lost or "", "cx.example.com") or "")
    assert shared_cause("pathType Exact leads /ccm alone there, and nothing below it", "cx.example.com") is None


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ({"auth-type": "basic"}, ["asks callers of /ccm for a login of its own (annotation auth-type)"]),
        (
            {"auth-url": "https://sso.example.com"},
            ["asks callers of /ccm for a login of its own (annotation auth-url)"],
        ),
        (
            {"auth-tls-secret": "expertflow/ca"},
            ["asks callers of /ccm for a login of its own (annotation auth-tls-secret)"],
        ),
        ({"auth-tls-secret": "expertflow/ca", "auth-tls-verify-client": "optional"}, []),
        (
            {"whitelist-source-range": "10.0.0.0/8"},
            ["lets in to /ccm not everybody (annotation whitelist-source-range: 10.0.0.0/8)"],
        ),
        ({"auth-type": "", "proxy-body-size": "0"}, []),
    ],
)
def test_who_is_kept_out_by_the_controller_itself_is_told(annotations: dict[str, str], words: list[str]) -> None:
    """Its own 401 and 403 are no component's, and whom a site lets in is its own affair."""
    one = made("/ccm", **{f"nginx.ingress.kubernetes.io/{name}": value for name, value in annotations.items()})
    assert list(bars(Route(one, one.paths[0]))) == [f"ingress-nginx {each}" for each in words]
