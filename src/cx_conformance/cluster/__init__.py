"""Looking at the cluster: client, snapshot, records, readiness, exec, tunnel."""
