"""The JSON Schema of ``report.json``, as it is published in ``docs/schema/report.schema.json``."""

import json
from typing import Any, Final

from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.check import AREAS
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.verdict import Verdict

SCHEMA_ID: Final = "urn:cx-conformance:report:1"
"""Names the shape of a report; its number grows when a reader of the old shape would misread the new one."""


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that every report is valid by."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Conformance report",
        "description": "One run of the suite against one cluster: verdict, circumstances, and every outcome.",
        **_record(
            {
                "schema": {"const": SCHEMA_ID},
                "verdict": _one_of(Verdict, "What the run says of the platform."),
                "partial": _flag("Something that the blueprint and the site imply was left out or cut off."),
                "run": _run(),
                "outcomes": {
                    "type": "array",
                    "items": _outcome(),
                    "description": "Ordered by area, component, check and entry.",
                },
            }
        ),
    }


def _run() -> dict[str, Any]:
    return _record(
        {
            "started": {"type": "string", "format": "date-time", "description": "UTC."},
            "local_time": _text("The same moment where it was run, ISO 8601; empty: not known."),
            "who": _text("Account and machine that it was run by."),
            "seconds": _number("Duration of the whole run."),
            "command": _text("The command line, without secrets."),
            "suite_version": _text("Version of this suite."),
            "blueprint": _input("The blueprint that the cluster was compared with."),
            "site": _input("The site file; an empty name: none was given."),
            "fqdn": _text("Host name of the installation."),
            "release": {"anyOf": [_release(), {"type": "null"}], "description": "Null: nothing could be looked at."},
            "cluster": {"anyOf": [_cluster(), {"type": "null"}], "description": "Null: it could not be reached."},
            "static": _flag("Only the API was looked at: no exec, no tunnel, no login."),
            "components": _list(_text("Id of a component."), "The components of the plan, in the page's order."),
            "groups": {
                "type": "object",
                "additionalProperties": {"enum": ["internal", "external", "party"]},
                "description": "What each component is, and each external party that is called.",
            },
            "edges": _list(_edge(), "Who calls whom, in the page's order."),
            "deselected": _count("Outcomes that the plan implies and the user left out."),
            "selection": _text("The options by which they were left out."),
            "waivers": _list(_waiver(), "Every waiver of the site."),
            "interrupted": _flag("The run was stopped before its end."),
            "extra": {"type": "object", "description": "What else a part of the suite recorded of the run."},
        }
    )


def _release() -> dict[str, Any]:
    return _record(
        {
            "promised": _text("The release whose promises were checked; empty: a blueprint file was given."),
            "chosen": {
                "enum": ["recognised", "option", "site", "sandbox", "newest", "blueprint", "assumed"],
                "description": "Who chose it.",
            },
            "version": _text("The release that is installed, as far as it was recognised."),
            "model": {"enum": ["charts", "manifests", ""], "description": "How it was installed; empty: not known."},
            "by": _text("How it was recognised."),
            "sure": {"enum": ["certain", "likely", "assumed", ""], "description": "How sure that is."},
            "told": _list(_text("A sentence."), "What does not fit together, and what stands for what."),
            "covered": _text("How much of what is installed is promised, such as 27 of 54 workloads."),
            "not_covered": _list(_text("Kind, namespace and name."), "What is installed and no promise knows."),
        }
    )


def _cluster() -> dict[str, Any]:
    return _record(
        {
            "server": _text("Address of the API server, or path of a snapshot."),
            "context": _text("Context of the kubeconfig."),
            "uid": _text("The uid of namespace kube-system, which identifies a cluster."),
            "version": _text("Version of Kubernetes."),
            "distribution": _text("Distribution of Kubernetes."),
            "nodes": _count("Nodes."),
            "storage_class": _text("The default StorageClass."),
            "ingress_classes": _list(_text("Name of an IngressClass."), "IngressClasses."),
            "ingress_controllers": _list(_text("Name of a controller."), "What serves them."),
            "load_balancers": _list(_text("A Service and its addresses."), "Services of type LoadBalancer."),
            "vantage": _text("From where it was looked at: outside, in-cluster, snapshot."),
            "requests": _count("API requests of the whole run; of a snapshot, those that it took."),
            "execs": _count("Programs run in containers."),
            "port_forwards": _count("Sessions of port-forward."),
            "retries": _count("API requests that had to be repeated."),
            "seconds": _number("Duration of the look at the API."),
            "images": {
                "type": "object",
                "additionalProperties": _list(_text("An image digest."), "Digests."),
                "description": "Image digests by component.",
            },
        }
    )


def _edge() -> dict[str, Any]:
    return _record(
        {
            "caller": _text("Component that calls."),
            "callee": _text("Component or party that is called."),
            "port": {"type": ["integer", "null"], "description": "Port of its Service; null: an external party."},
            "documented": _flag("The page has it; otherwise only the vendor's charts or documents do."),
        }
    )


def _waiver() -> dict[str, Any]:
    return _record(
        {
            "check": _text("The check that is waived."),
            "component": _text("The component it is waived for."),
            "entry": _text("The entry it is waived for."),
            "reason": _text("Why."),
            "owner": _text("Who accepted it."),
            "expires": {"type": "string", "format": "date", "description": "The last day on which it holds."},
            "state": _text("in use, expired, no longer needed, matches nothing, or not looked at."),
        }
    )


def _outcome() -> dict[str, Any]:
    required = {
        "check": {"type": "string", "pattern": "^CX[0-9]{3}$", "description": "ID of the check."},
        "title": _text("Title of the check."),
        "area": {"enum": list(AREAS), "description": "What the check is about."},
        "component": _text("Id of the component; platform for what is about the cluster as a whole."),
        "entry": _text("What the check ran once for."),
        "severity": _one_of(Severity, "How bad it is when the promise is broken."),
        "outcome": _one_of(Result, "How the check ended."),
        "message": _text("What was found, of what was promised; empty for a kept promise."),
        "evidence": {"type": "object", "description": "What was seen: found, promised, object, notes and more."},
        "vantage": _text("Where the look was taken from."),
        "tries": _count("How often it was tried."),
        "duration_ms": _number("Milliseconds."),
    }
    optional = {
        "remedy": _text("What to do; where something is to be done."),
        "root": _text("For a blocked outcome: the check, and the component or entry, that blocks it."),
        "root_entry": _text("For a blocked outcome: the entry of that check and component that blocks it."),
    }
    record = _record(required)
    return record | {"properties": required | optional}


def _input(description: str) -> dict[str, Any]:
    fields = {
        "name": _text("Its own name."),
        "version": _text("Its own version."),
        "path": _text("Where it was read from."),
        "sha256": _text("Hash of the file's bytes."),
    }
    return _record(fields) | {"description": description}


def _record(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _one_of(values: type[Verdict | Severity | Result], description: str) -> dict[str, Any]:
    return {"enum": [str(one) for one in values], "description": description}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _flag(description: str) -> dict[str, Any]:
    return {"type": "boolean", "description": description}


def _count(description: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "description": description}


def _number(description: str) -> dict[str, Any]:
    return {"type": "number", "minimum": 0, "description": description}


def _list(items: dict[str, Any], description: str) -> dict[str, Any]:
    return {"type": "array", "items": items, "description": description}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))  # noqa: T201 - what the published file is made of
