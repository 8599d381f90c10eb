"""What the platform promises: model, loading with line numbers, lint, schema."""
