"""Labels: who says of which object or alert that it is what; one table, readers of the files that others keep, conflicts."""
