"""The subcommands of cx-conformance, one file each."""
