"""What the model lets an application say that is on no page, and what its lint leaves to such a blueprint."""

from pathlib import Path

import pytest

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.health import Health
from cx_conformance.blueprint.lint import lint
from cx_conformance.blueprint.loading import Loaded, load_blueprint

SHOP = """\
blueprint: {name: shop, version: "1"}
components:
  web:
    group: internal
    namespace: {name: shop, source: SOURCE}
    workload: {kind: Deployment, name: storefront, source: SOURCE}
    containerPorts: [{port: 8443, name: web, source: SOURCE}]
    service:
      name: web
      source: SOURCE
      ports: [{port: 80, targetPort: 9000, source: SOURCE}]
    resources:
      limits: {memory: 1Gi}
      source: SOURCE
    health: [{port: 9000, path: /well, status: null, source: SOURCE}]
    volumes:
      - {name: data, mountPath: /data, source: SOURCE}
      - {name: data, mountPath: /cache, source: SOURCE}
    ingress: {url: "http://shop.example.com/", source: SOURCE}
  api:
    group: internal
    namespace: {name: shop, source: SOURCE}
    workload: {kind: DaemonSet, name: api, source: SOURCE}
    service: {name: api, source: SOURCE, ports: [{port: 81, source: SOURCE}]}
    ingress: {url: "https://api.example.com/", exact: true, source: SOURCE}
"""


def _shop(folder: Path, source: str) -> Loaded[Blueprint]:
    file = folder / "shop.yaml"
    file.write_text(SHOP.replace("SOURCE", source), encoding="utf-8")
    return load_blueprint(file)


def test_the_pages_conventions_do_not_bind_what_was_captured(tmp_path: Path) -> None:
    """Names, port numbers and undeclared ports are as they are."""
    assert lint(_shop(tmp_path, "captured")) == ()


@pytest.mark.parametrize("rule", ["BL205", "BL206", "BL207", "BL208", "BL209", "BL212"])
def test_they_bind_what_the_page_promises(tmp_path: Path, rule: str) -> None:
    """The same blueprint, were it of the page."""
    assert rule in {one.id for one in lint(_shop(tmp_path, "page"))}


def test_a_host_name_of_its_own_tells_two_equal_paths_apart(tmp_path: Path) -> None:
    """Both components are reached under ``/``."""
    ingresses = [one.ingress for one in _shop(tmp_path, "captured").document.components.values()]
    assert [(one.host, one.path, one.over_tls) for one in ingresses if one] == [
        ("shop.example.com", "/", False),
        ("api.example.com", "/", True),
    ]


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (204, True), (302, True), (404, False), (None, False)])
def test_without_a_status_an_answer_is_healthy_as_for_a_kubelet(status: int | None, healthy: bool) -> None:
    """A kubelet is content with any status from 200 to 399."""
    assert Health(port=80, path="/", status=None).is_healthy(status) is healthy
