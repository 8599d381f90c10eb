"""What is written from the outcomes: terminal, JUnit, JSON."""
