"""The pytest plug-in: options, header, one run per entry, IDs."""
