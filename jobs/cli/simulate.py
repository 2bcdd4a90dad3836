"""`strix simulate DIRECTORY --n 200`, and what else the survey simulator does: `strix simulate stream ...`."""

import importlib

from jobs.cli.console import pour

# Behind `strix simulate`; any other word is a directory, which gets a small night of packets.
VERBS = {
    "night": ("a night of packets of all classes, with the truth beside them", "jobs.cli.simulate_night"),
    "survey": ("nights of packets of the same objects, histories growing, on Spark", "jobs.cli.simulate_survey"),
    "lightcurves": ("light curves of chosen classes, with truth and labels, to train on", "jobs.cli.simulate_light_curves"),
    "stream": ("feed a topic: a rate, bursts, and bad, late, doubled packets as often as asked", "jobs.cli.simulate_stream"),
    "check": ("how like the real sky a simulated night is", "jobs.cli.simulate_check"),
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Do what the command line says; the code that the process ends with.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix simulate`.
    """
    if arguments and arguments[0] in VERBS:
        return int(importlib.import_module(VERBS[arguments[0]][1]).main(arguments[1:]))
    if arguments and arguments[0] in ("-h", "--help"):
        pour("\n".join(["strix simulate VERB ..., or strix simulate DIRECTORY --n N", "", *_lines(), ""]))
    return int(importlib.import_module("jobs.cli.simulate_directory").main(arguments))


def _lines() -> list[str]:
    return [f"  {name:<12}{does}" for name, (does, _) in VERBS.items()]
