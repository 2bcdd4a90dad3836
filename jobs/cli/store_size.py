"""The table of `strix store size`."""

from collections.abc import Sequence

from rich.table import Table

from jobs.cli.console import say, table_console
from jobs.common.counting import counted
from jobs.store.size import TableSize, alerts_in

# A region that is so many times the mean takes more than its share of the load.
_UNEVEN = 2.0


def print_sizes(found: Sequence[TableSize]) -> None:
    """Print regions and bytes by table and, where rows were counted, what an alert takes.

    Parameters
    ----------
    found : sequence of TableSize
    """
    alerts = alerts_in(list(found))
    table = Table(title="strix store size", title_justify="left")
    for name in ("table", "regions", "MB in files", "in memory", "largest / mean", *(_COUNTED if alerts else ())):
        table.add_column(name, justify="left" if name == "table" else "right", no_wrap=True)
    for each in found:
        uneven = "–" if each.uneven is None else f"{each.uneven:.2f}"
        row = [each.table.name, str(len(each.files_mb)), f"{each.mb:,.0f}", f"{sum(each.memory_mb):,.0f}", uneven]
        table.add_row(*row, *(_per_alert([each], alerts) if alerts else ()), end_section=each is found[-1])
    table.add_row(*_together(found), *(_per_alert(found, alerts) if alerts else ()))
    table_console().print(table)
    if alerts:
        whole, cells = sum(each.mb for each in found), sum(each.cells or 0 for each in found)
        say(f"{counted(alerts, 'alert')}: {_bytes(whole, alerts)} bytes and {cells / alerts:.1f} cells each")
        _say_unknown(found)
    if memory := sum(sum(each.memory_mb) for each in found):
        say(f"{memory:,.0f} MB are in memory, not compressed: --flush writes them to files first")
    for each in found:
        if each.uneven is not None and each.uneven > _UNEVEN:
            say(f"{each.table.name}: its largest region is {each.uneven:.1f} times the mean")


_COUNTED = ("rows", "rows per alert", "cells per alert", "bytes per alert")


def _together(found: Sequence[TableSize]) -> tuple[str, ...]:
    files, memory = sum(each.mb for each in found), sum(sum(each.memory_mb) for each in found)
    return "together", str(sum(len(each.files_mb) for each in found)), f"{files:,.0f}", f"{memory:,.0f}", "–"


def _per_alert(tables: Sequence[TableSize], alerts: int) -> tuple[str, ...]:
    rows, cells = sum(each.rows or 0 for each in tables), sum(each.cells or 0 for each in tables)
    mb = sum(each.mb for each in tables)
    return f"{rows:,}", f"{rows / alerts:.2f}", f"{cells / alerts:.2f}", _bytes(mb, alerts)


def _bytes(mb: float, alerts: int) -> str:
    """HBase tells whole MB: a table of less, or in memory alone, tells nothing of an alert."""
    return f"{mb * 2**20 / alerts:,.0f}" if mb else "–"


def _say_unknown(found: Sequence[TableSize]) -> None:
    if any(each.rows and not each.mb for each in found):
        say("–: not known, less than 1 MB of the table is in files; rows may still be in memory, --flush writes them")
