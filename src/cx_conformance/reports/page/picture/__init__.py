"""The platform as a picture: who calls whom, and how each ended."""
