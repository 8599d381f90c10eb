"""A blueprint from what was seen: an installation that nobody has described, or the manifests of one."""
