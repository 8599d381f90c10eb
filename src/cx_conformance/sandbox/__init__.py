"""The embedded cluster: a stand-in for Kubernetes on loopback."""
