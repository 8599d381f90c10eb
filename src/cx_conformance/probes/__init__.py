"""Active observations: HTTP, call edges, and one module per store protocol."""
