"""Nights as dates."""

from datetime import date, datetime, timedelta


def day_of(night: str) -> date:
    """The date that names a night.

    Parameters
    ----------
    night : str
        YYYYMMDD.

    Raises
    ------
    ValueError
        If it is no date.
    """
    return datetime.strptime(night, "%Y%m%d").date()


def week_before(night: str) -> list[str]:
    """The seven nights before a night, oldest first.

    Parameters
    ----------
    night : str
        YYYYMMDD.

    Raises
    ------
    ValueError
        If it is no date.
    """
    day = day_of(night)
    return [(day - timedelta(days=back)).strftime("%Y%m%d") for back in range(7, 0, -1)]
