"""Which cluster is looked at where the site file says how it is reached."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from cx_conformance.run.options import Options
from cx_conformance.run.run import Run

KUBECONFIG = """\
current-context: test
contexts:
- {name: test, context: {cluster: test, user: somebody}}
- {name: production, context: {cluster: production, user: somebody}}
clusters:
- {name: test, cluster: {server: "https://test.{name}.example:6443"}}
- {name: production, cluster: {server: "https://production.{name}.example:6443"}}
users:
- {name: somebody, user: {token: made-up}}
"""


@pytest.mark.parametrize(
    ("site", "options", "server"),
    [
        ("{context: production}", {}, "production.usual"),
        ("{context: production}", {"context": "test"}, "test.usual"),
        ("{context: production}", {"kubeconfig": "other"}, "production.other"),
        ("{kubeconfig: own}", {}, "test.own"),
        ("{kubeconfig: own, context: production}", {}, "production.own"),
        ("{kubeconfig: own, context: production}", {"context": "test"}, "test.own"),
        # The context that stands beside a kubeconfig is of that one.
        ("{kubeconfig: own, context: production}", {"kubeconfig": "other"}, "test.other"),
    ],
)
def test_the_site_files_context_is_looked_at_with_whichever_kubeconfig_is_used(
    site: str, options: dict[str, str], server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current context may be another cluster, whose report would be taken for this site's."""
    for name in ("usual", "own", "other"):
        (tmp_path / name).write_text(KUBECONFIG.replace("{name}", name), encoding="utf-8")
    (tmp_path / "site.yaml").write_text(f"cluster: {site}\n", encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "usual"))
    kubeconfig = str(tmp_path / options["kubeconfig"]) if "kubeconfig" in options else None
    given = Options(site=tmp_path / "site.yaml", static=True, release="4.5.3", kubeconfig=kubeconfig)
    run = Run(replace(given, context=options.get("context")))
    assert run.cluster.server == f"https://{server}.example:6443"
