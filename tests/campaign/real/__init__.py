"""The campaign on a real cluster, in namespaces of its own."""
