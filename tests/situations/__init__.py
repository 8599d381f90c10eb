"""Situations in which a run finds itself: each acted out, with what the command makes of it."""
