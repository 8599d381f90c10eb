"""What is written from the outcomes, grouped by who reads it."""
