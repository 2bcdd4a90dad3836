"""Reading what was written: positions, flat tables, light curves, cutouts and files for other programs."""
