"""One page of many installations: worst first, versions, and what drifts between them."""
