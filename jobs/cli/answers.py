"""What modules answered, as rows of a table for people."""

from collections.abc import Iterator, Mapping

from jobs.ledger.counts import Counts

ANSWER_COLUMNS = ("answered", "partial", "none", "why")


def answer_cells(numbers: Counts) -> tuple[str, str, str, str]:
    """The numbers of a module in the order of ANSWER_COLUMNS.

    Parameters
    ----------
    numbers : dict
        Of one module in the ledger: `answered`, `partial`, `null`, and `any_output` of old versions.

    Returns
    -------
    answered, partial, none : str
        Alerts without a reason, with a reason and some outputs, without any output.
    why : str
        The commonest reason first; partial ones, none and what else should be known, divided by semicolons.
    """
    partial, null = sum(numbers["partial"].values()), sum(numbers["null"].values())
    any_output = numbers.get("any_output", 0)
    answered = f"{numbers['answered'] + any_output:,}{' *' if any_output else ''}"
    return answered, f"{partial:,}{' *' if any_output else ''}", f"{null:,}", "; ".join(_words(numbers))


def _words(numbers: Counts) -> Iterator[str]:
    if reasons := commonest_first(numbers["partial"]):
        yield f"partial: {reasons}"
    if reasons := commonest_first(numbers["null"]):
        yield f"none: {reasons}"
    if any_output := numbers.get("any_output"):
        yield f"* {any_output:,} counted by an earlier version: with some output, reason or not"


def commonest_first(reasons: Mapping[str, int]) -> str:
    """Reasons and how often each occurs, as `no points 12, too few points: n < 4 3`; those of number 0 are left out.

    Parameters
    ----------
    reasons : mapping of str to int
        How often, by reason.
    """
    most = sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{reason} {count:,}" for reason, count in most if count)
