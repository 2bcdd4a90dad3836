"""Real services for everybody, without Docker: started, found and stopped by `strix services`."""
