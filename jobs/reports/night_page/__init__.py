"""A night on one page: what was read, what became of it, what stands out."""
