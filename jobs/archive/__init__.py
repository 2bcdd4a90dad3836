"""Reading what was written: positions, flat tables, light curves, stamps and files for other programs."""
