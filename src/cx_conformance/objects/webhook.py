"""Admission webhooks: whom the API server asks before it takes an object."""

from msgspec import Struct

from cx_conformance.objects.json_fields import Json, mapping, objects, text, texts
from cx_conformance.objects.metadata import ApiObject, LabelSelector, label_selector, metadata


class Webhook(Struct, frozen=True, kw_only=True):
    """One webhook; without ``service_name`` it stands outside of the cluster."""

    name: str
    fails_closed: bool
    """Whether an object is refused when the webhook does not answer (``failurePolicy: Fail``, the default)."""
    service_namespace: str
    service_name: str
    resources: frozenset[str]
    """What of an application's API groups it is asked about when that is made, as ``pods``; ``*`` is everything."""
    namespaces: LabelSelector | None
    """The namespaces whose objects it is asked about; None: all."""
    objects: LabelSelector | None = None
    """The objects that it is asked about, by their labels; None: all."""


_GROUPS = frozenset({"*", "", "apps", "networking.k8s.io"})
"""The API groups of what an application is made of; a group of somebody's own has ``services`` of another kind."""


class WebhookConfiguration(ApiObject, frozen=True, kw_only=True):
    """Webhooks that are registered together."""

    webhooks: tuple[Webhook, ...]


class ValidatingWebhookConfiguration(WebhookConfiguration, frozen=True, kw_only=True):
    """Webhooks that may refuse."""


class MutatingWebhookConfiguration(WebhookConfiguration, frozen=True, kw_only=True):
    """Webhooks that may change what is made, and refuse."""


def validating(source: Json) -> ValidatingWebhookConfiguration:
    """Read a ValidatingWebhookConfiguration."""
    return ValidatingWebhookConfiguration(**metadata(source), webhooks=_webhooks(source))


def mutating(source: Json) -> MutatingWebhookConfiguration:
    """Read a MutatingWebhookConfiguration."""
    return MutatingWebhookConfiguration(**metadata(source), webhooks=_webhooks(source))


def _webhooks(source: Json) -> tuple[Webhook, ...]:
    return tuple(
        Webhook(
            name=text(one, "name"),
            fails_closed=text(one, "failurePolicy", "Fail") == "Fail",
            service_namespace=text(mapping(one, "clientConfig", "service"), "namespace"),
            service_name=text(mapping(one, "clientConfig", "service"), "name"),
            resources=frozenset(
                resource.partition("/")[0]
                for rule in objects(one, "rules")
                if {"CREATE", "*"} & set(texts(rule, "operations"))
                and _GROUPS & set(texts(rule, "apiGroups") or ("*",))
                and text(rule, "scope") != "Cluster"
                for resource in texts(rule, "resources")
                if "/" not in resource or resource == "*/*"
            ),
            namespaces=label_selector(one, "namespaceSelector"),
            objects=label_selector(one, "objectSelector"),
        )
        for one in objects(source, "webhooks")
    )
