"""Reading topics of matches: messages, files, where to begin."""
