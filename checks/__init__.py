"""What runs against a live cluster: one file per area."""
