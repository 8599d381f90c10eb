"""Typed records of Kubernetes objects, read from API JSON."""
