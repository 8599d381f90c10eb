"""Makes the kustomization and the Helm chart from one source: ``deploy/source`` and the rights that ``rbac`` prints.

    PYTHONPATH=src python deploy/generate.py [--check]

A placeholder ``<<name>>`` stands where the two differ: the kustomization has a plain value there, the chart a value of
``values.yaml``. One that stands alone on its line may become nothing, or several lines. ``--check`` writes nothing and
returns 1 where a file is not what it would write.
"""  # noqa: INP001 - a script, no package

import argparse
import contextlib
import io
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

import cx_conformance
from cx_conformance.__main__ import main as cx_conformance_command
from cx_conformance.api.version import OLDEST

ROOT: Final = Path(__file__).parent
NAMESPACE: Final = "cx-conformance"
VERSION: Final = cx_conformance.__version__
MADE: Final = "# Made by deploy/generate.py; change deploy/source, or what is said there.\n"


@dataclass(frozen=True, slots=True)
class Gap:
    """What a placeholder becomes; the text of several lines is indented as it shall stand."""

    plain: str
    chart: str


def _list_of_pod(name: str) -> str:
    """Return the chart's lines of a field of the pod that its user may set."""
    return f"""\
{{{{- if .Values.{name} }}}}
          {name}:
            {{{{- toYaml .Values.{name} | nindent 12 }}}}
{{{{- end }}}}"""


REPEATED: Final = """\
      podFailurePolicy: # but one whose pod is taken away is, as when its node is drained
        rules:
          - action: Ignore
            onPodConditions:
              - type: DisruptionTarget
                status: "True\""""
"""Servers before Kubernetes 1.25 do not know it (kubernetes.io/docs/tasks/job/pod-failure-policy)."""

GAPS: Final = {
    "namespace": Gap(NAMESPACE, "{{ .Release.Namespace }}"),
    "image": Gap(NAMESPACE, "{{ .Values.image | quote }}"),
    "schedule": Gap('"0 2 * * *"', "{{ .Values.schedule | quote }}"),
    "time zone": Gap("", "{{- if .Values.timeZone }}\n  timeZone: {{ .Values.timeZone | quote }}\n{{- end }}"),
    "disruption": Gap(
        REPEATED,
        f'{{{{- if semverCompare ">=1.25.0-0" .Capabilities.KubeVersion.Version }}}}\n{REPEATED}\n{{{{- end }}}}',
    ),
    "limit": Gap("3000", "{{ .Values.timeLimit }}"),
    "deadline": Gap("3600", "{{ .Values.deadline }}"),
    "nights": Gap("30", "{{ .Values.nights }}"),
    "options": Gap(
        "",
        "{{- if .Values.options }}\n                {{- toYaml .Values.options | nindent 16 }}\n{{- end }}",
    ),
    "resources": Gap(
        """
                requests:
                  cpu: 100m
                  memory: 256Mi
                limits:
                  memory: 768Mi""",
        "\n                {{- toYaml .Values.resources | nindent 16 }}",
    ),
    "identity": Gap(
        "            runAsUser: 65532\n            runAsGroup: 65532\n            fsGroup: 65532",
        "{{- if .Values.runAsUser }}\n            runAsUser: {{ int64 .Values.runAsUser }}\n"
        "            runAsGroup: {{ int64 .Values.runAsUser }}\n            fsGroup: {{ int64 .Values.runAsUser }}\n"
        "{{- end }}",
    ),
    "placing": Gap("", "\n".join(map(_list_of_pod, ("imagePullSecrets", "nodeSelector", "tolerations")))),
    "results": Gap(
        "              persistentVolumeClaim:\n                claimName: cx-conformance-results",
        "{{- if .Values.claim.enabled }}\n              persistentVolumeClaim:\n"
        "                claimName: cx-conformance-results\n"
        "{{- else }}\n              emptyDir: {}\n{{- end }}",
    ),
    "storage class": Gap(
        "",
        "{{- if .Values.claim.storageClass }}\n"
        "  storageClassName: {{ .Values.claim.storageClass | quote }}\n"
        "{{- end }}",
    ),
    "size": Gap("1Gi", "{{ .Values.claim.size }}"),
}
PLATFORM: Final = (NAMESPACE, "expertflow", "ef-external")
"""Where the kustomization's own objects and the platform's live in every installation."""
ALTERNATIVES: Final = ("ef-bi",)
"""Where something of the platform lives in some installations: what is granted there is a file of its own."""
WANTED: Final = '{{- if or (has "NAMESPACE" .Values.namespaces) (lookup "v1" "Namespace" "" "NAMESPACE") }}'
"""A namespace that not every installation has, such as Superset's own, is granted where it exists."""
MORE_SECRETS: Final = """\
{{- with index .Values.secrets "NAMESPACE" }}
- apiGroups:
  - ''
  resources:
  - secrets
  resourceNames:
    {{- toYaml . | nindent 2 }}
  verbs:
  - get
{{- end }}
"""
CONDITIONS: Final = {"results.yaml": ".Values.claim.enabled", "rbac.yaml": ".Values.rbac"}
"""Objects that a chart's user may leave out, and by which value."""


def main() -> int:
    """Write all files, or say which are not current; return the exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--check", action="store_true", help="write nothing")
    check = options.parse_args().check
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        sys.stdout.write(f"{'not current: ' if check else ''}{path.relative_to(ROOT)}\n")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(generated()[path])
    return 1 if check and stale else 0


def generated() -> dict[Path, str]:
    """Return every file that is made, with its text."""
    sources = {path.name: path.read_text() for path in sorted((ROOT / "source").glob("*.yaml"))}
    found = {ROOT / "kustomize" / name: MADE + plain(text) for name, text in sources.items()}
    granted = rights().split("---\n")
    for namespaces, name in ((PLATFORM, "rbac.yaml"), (ALTERNATIVES, "rbac-ef-bi.yaml")):
        kept = [one for one in granted[1:] if namespace_of(one) in namespaces]
        found[ROOT / "kustomize" / name] = "---\n".join((granted[0], *kept))
    chart = ROOT / "helm" / NAMESPACE
    sources["rbac.yaml"] = "---\n".join(where_wanted(one) for one in granted)
    for name, text in sources.items():
        found[chart / "templates" / name] = MADE + templated(text, CONDITIONS.get(name))
    # Helm reads no file outside of the chart; and braces that are Prometheus' own must not stand in a template.
    found[chart / "files" / "alerts.yaml"] = (ROOT / "monitoring" / "alerts.yaml").read_text()
    found[chart / "Chart.yaml"] = (
        f"{MADE}apiVersion: v2\nname: {NAMESPACE}\ntype: application\n"
        "description: Tells every night whether an Expertflow CX installation is what its blueprint promises.\n"
        f'version: {VERSION}\nappVersion: "{VERSION}"\nkubeVersion: ">={OLDEST}.0-0"\n'
    )
    return found


def rights() -> str:
    """Return what ``cx-conformance rbac`` prints for a run in the cluster."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = cx_conformance_command(["rbac", "--in-cluster", "--service-account", f"{NAMESPACE}/{NAMESPACE}"])
    if status:
        raise SystemExit(status)
    return printed.getvalue()


def where_wanted(text: str) -> str:
    """Return an object of the rights as the chart has it: in the release's namespace, or in those that are wanted."""
    own = text.replace(f"namespace: {NAMESPACE}\n", "namespace: <<namespace>>\n")
    namespace = namespace_of(text)
    if namespace == NAMESPACE:
        return own
    more = MORE_SECRETS.replace("NAMESPACE", namespace) if "\nkind: Role\n" in text else ""
    return f"{WANTED.replace('NAMESPACE', namespace)}\n{own.rstrip()}\n{more}{{{{- end }}}}\n"


def namespace_of(text: str) -> str:
    """Return the namespace of an object; the suite's own for what has none."""
    found: str = (yaml.safe_load(text) or {}).get("metadata", {}).get("namespace", NAMESPACE)
    return found


def plain(text: str) -> str:
    """Return a source as the kustomization has it."""
    return _filled(text, {name: gap.plain for name, gap in GAPS.items()})


def templated(text: str, condition: str | None) -> str:
    """Return a source as a template of the chart, all of it under ``condition`` where there is one."""
    filled = _filled(text, {name: gap.chart for name, gap in GAPS.items()})
    return f"{{{{- if {condition} }}}}\n{filled}{{{{- end }}}}\n" if condition else filled


def _filled(text: str, values: dict[str, str]) -> str:
    lines = []
    for line in text.splitlines():
        alone = re.fullmatch(r"<<(.+)>>", line)
        if alone:
            lines += [values[alone[1]]] if values[alone[1]] else []
        else:
            filled = re.sub(r"<<(.+?)>>", lambda gap: values[gap[1]], line)
            lines.append("\n".join(one.rstrip() for one in filled.split("\n")))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
