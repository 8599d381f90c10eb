"""The annotations that tell the embedded cluster how to behave; faults write them, an engineer may too."""

SIMULATE = "cx-conformance/simulate"
"""Of a pod: what answers on each of its ports, as a JSON list (see ``simulators``)."""

AILMENT = "cx-conformance/ailment"
"""Of a pod: image-pull, crash-loop, out-of-memory, unready or unschedulable."""

ROLLED_FROM = "cx-conformance/rolled-from"
"""Of a Deployment: the image of its last good revision, which still serves while the present one does not come up."""

BRIDGE = "cx-conformance/bridge"
"""Of a Service: refuse, hang, drop or reset, where its address shall not lead to its endpoints."""

DNS = "cx-conformance/dns"
"""Of a Service: ``nxdomain``, ``slow:SECONDS``, or an address that is answered in place of its own."""

PROGRAMS = "cx-conformance/programs"
"""Of a pod: the only programs in its containers, separated by blanks."""

SHELL = "cx-conformance/shell"
"""Of a pod: garbage, flood, forge, hang or restart, where ``sh`` shall not do as it is told."""

UPGRADES = "cx-conformance/upgrades"
"""Of namespace kube-system: how the API server limits exec and port-forward, separated by blanks: ``old`` (the older
protocol of port-forward alone), ``SUBRESOURCE-at-once:N`` (429 beyond), ``portforward-cut:SECONDS``."""

HOST_NAME = "cx-conformance/host-name"
"""Of namespace kube-system: the address to which the platform's host name leads, in place of the node's."""

REGISTRY = "cx-conformance/registry"
"""Of a Node: ``refused``, where no registry can be reached from it."""

LARGEST = "cx-conformance/largest-packet"
"""Of a Node: the bytes of the largest packet that comes from its pods; larger ones are lost, and nobody is told."""

READ_ONLY = "cx-conformance/read-only"
"""Of a StorageClass: ``true``, where nobody may write to its volumes."""

PROCESS = "cx-conformance/process-at"
"""Of a pod that somebody has created: where its processes listen; the ports that it declares lead there."""

LOG = "cx-conformance/log"
"""Of a pod: what its log says."""
