"""Where things lie in an output, and how files are written so that a kill does no harm."""
