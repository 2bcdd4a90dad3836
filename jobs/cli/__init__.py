"""`strix <verb>`: the command line."""
