"""Mutation testing of the checks and of the logic under them: ``tox -e mutation``."""
