"""Names of the loggers of Strix: of its rooms, and what they call themselves."""

OURS = ("jobs", "strix")
