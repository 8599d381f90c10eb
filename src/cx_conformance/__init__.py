"""Tells whether an Expertflow CX installation on Kubernetes is what its blueprint promises."""

__version__ = "0.2.0"
