"""The way to astropy: loaded where it is used, and never asking the network.

Workers do not import this, and `strix` starts without it: astropy takes half a second to load. Left to itself it looks
for a newer table of leap seconds on the network once the one it came with is a few months old; the times in the archive
were made with ERFA's table, so theirs must be read with the same.
"""

from functools import cache
from importlib import import_module
from typing import Any


@cache
def _quiet() -> None:
    from astropy.utils import iers

    iers.conf.auto_download = False
    iers.conf.iers_degraded_accuracy = "ignore"


@cache
def unit_in(form: str, unit: str) -> str | None:
    """A unit as a format ("fits", "vounit") knows it; None where it does not, as FITS has no percent.

    Parameters
    ----------
    form : str
        The name of a format, as astropy.units has it.
    unit : str
        As the column's metadata says it; empty for none.
    """
    try:
        return unit if unit and astropy("units").Unit(unit, format=form) is not None else None
    except ValueError:
        return None


def astropy(name: str) -> Any:
    """A module of astropy, as `astropy("time")`.

    Parameters
    ----------
    name : str
        Without `astropy.` before it.
    """
    _quiet()
    return import_module(f"astropy.{name}")
