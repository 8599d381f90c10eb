"""The page and the paper: HTML, PDF and the picture of the platform."""
