"""What is shown on the terminal, while a run lasts and when it has ended."""
