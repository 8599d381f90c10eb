"""The controllers: what a cluster makes of the objects that somebody put there.

``reconcile`` is a pure function from objects to objects, run again after every change. Each module models what the
Kubernetes documentation says of its controllers, as far as somebody looking at the cluster can see it.
"""

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.controllers.adoption import take_away
from cx_conformance.sandbox.controllers.endpoints import endpoints
from cx_conformance.sandbox.controllers.index import Objects
from cx_conformance.sandbox.controllers.namespaces import namespaced_defaults
from cx_conformance.sandbox.controllers.services import services
from cx_conformance.sandbox.controllers.storage import storage
from cx_conformance.sandbox.controllers.workloads import workloads
from cx_conformance.sandbox.world import World


def reconcile(manifests: list[Object], world: World, root_certificate: str) -> list[Object]:
    """Return everything the API server would then hold; the manifests themselves stay untouched."""
    objects = Objects(manifests, world)
    namespaced_defaults(objects, root_certificate)
    storage(objects)
    services(objects)
    workloads(objects)
    take_away(objects)
    endpoints(objects)
    return objects.all()
