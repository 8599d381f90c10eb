"""The reviews by which an account asks about itself: may I, what may I, who am I."""

from cx_conformance.sandbox.catalogue import Attributes, Object
from cx_conformance.sandbox.rbac import User, decide, rules
from cx_conformance.sandbox.state import State

AUTHORIZATION = "authorization.k8s.io/v1"
AUTHENTICATION = "authentication.k8s.io/v1"


def review(state: State, user: User, kind: str, asked: Object) -> Object:
    """Return the answer to a posted review of ``kind``, whose body is ``asked``."""
    spec = asked.get("spec") or {}
    if kind == "SelfSubjectAccessReview":
        return _answer(kind, AUTHORIZATION, spec, _access(state, user, spec))
    if kind == "SelfSubjectRulesReview":
        return _answer(kind, AUTHORIZATION, {}, _rules(state, user, spec.get("namespace", "")))
    information: Object = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        information["uid"] = user.uid
    return {"kind": kind, "apiVersion": AUTHENTICATION, "metadata": {}, "status": {"userInfo": information}}


def _answer(kind: str, api_version: str, spec: Object, status: Object) -> Object:
    return {"kind": kind, "apiVersion": api_version, "metadata": {}, "spec": spec, "status": status}


def _access(state: State, user: User, spec: Object) -> Object:
    wanted = spec.get("resourceAttributes") or {}
    path = (spec.get("nonResourceAttributes") or {}).get("path", "")
    verb = wanted.get("verb") or (spec.get("nonResourceAttributes") or {}).get("verb", "")
    decision = decide(
        state,
        user,
        Attributes(
            verb=verb,
            group=wanted.get("group", ""),
            resource=wanted.get("resource", ""),
            subresource=wanted.get("subresource", ""),
            namespace=wanted.get("namespace", ""),
            name=wanted.get("name", ""),
            path=path,
        ),
    )
    return {"allowed": decision.allowed} | ({"reason": decision.reason} if decision.reason else {})


def _rules(state: State, user: User, namespace: str) -> Object:
    held = rules(state, user, namespace)
    return {
        "resourceRules": [
            {key: rule[key] for key in ("verbs", "apiGroups", "resources", "resourceNames") if key in rule}
            for rule in held
            if "resources" in rule
        ],
        "nonResourceRules": [
            {key: rule[key] for key in ("verbs", "nonResourceURLs")} for rule in held if "nonResourceURLs" in rule
        ],
        "incomplete": False,
    }
