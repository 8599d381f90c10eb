"""What is installed by each release of the vendor's charts, and what the suite makes of it."""
