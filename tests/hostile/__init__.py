"""What stands in the place of a server and means harm: it may hurt nobody who reads from it."""
