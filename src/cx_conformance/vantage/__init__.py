"""Where probes stand: which pod asks, by which way, and all probes of a run at once."""
