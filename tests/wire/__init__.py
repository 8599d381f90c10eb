"""Tests of what is read, from the network and from files."""
