"""The fixtures that a check may ask for, nothing else."""
