"""What other tools read: JUnit, JSON and its schema, Sonobuoy."""
