"""The output of `strix reprocess` has stars of a data release, not alerts: what is asked of alerts alone is refused."""

from jobs.storage.layout import Layout


class StarsOnly(ValueError):
    """The output has stars, which have no alerts; the message says what answers for them."""


def refuse_stars(layout: Layout, asking: str) -> None:
    """Raise if an output has stars of a data release.

    Parameters
    ----------
    layout : Layout
        Of the output.
    asking : str
        What looks at alerts.

    Raises
    ------
    StarsOnly
    """
    if layout.is_release:
        raise StarsOnly(
            f"{asking} alerts, and {layout.root} has stars of a data release: `strix scores {layout.root} --sort MODULE.OUTPUT`"
            f" gives the highest of them, `strix show STAR --data {layout.root}` one of them"
        )
