"""The verdict of an unchanged cluster never changes, however its containers are starved of their CPU."""
