"""A night on the command line."""

import argparse
from datetime import datetime


def date_of(text: str) -> int:
    """A night as people write it, for argparse.

    Parameters
    ----------
    text : str
        YYYYMMDD.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is no day of the calendar in that form.
    """
    try:
        if len(text) != 8:  # strptime takes 2024211, too
            raise ValueError(text)
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} should be a night as YYYYMMDD, for instance 20240211") from None
    return int(text)
