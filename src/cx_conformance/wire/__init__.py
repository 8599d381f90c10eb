"""What is read from a network: never more than so many bytes, never longer than until a moment."""
