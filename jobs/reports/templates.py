"""Pages of HTML that need nothing else: no script, no font, no picture from elsewhere; what is put in is escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from jobs.archive.words import number


def environment() -> Environment:
    """Where the pages' templates are found, below `jobs/reports`; filters `number` and `thousands`."""
    found = Environment(
        loader=PackageLoader("jobs.reports", ""), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    found.filters |= {"number": number, "thousands": lambda value: f"{value:,}"}
    return found
