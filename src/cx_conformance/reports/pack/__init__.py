"""The sign-off pack as a folder: what it was made from, its sums, its signature, and whether any of it was changed."""
