"""What stands on the sign-off page, section by section, before it is HTML."""
