"""Adding science modules and their weights."""
