"""What is read from a network, or a file that somebody names: never more than so many bytes, nor without end."""
