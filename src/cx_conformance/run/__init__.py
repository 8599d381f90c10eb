"""One run: its options, what it selects, how it looks and settles, and the record that it leaves."""
