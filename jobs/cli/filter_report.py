"""What `strix filter` prints."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from rich.table import Table

from jobs.archive.module_columns import AbsentModules
from jobs.cli.console import Console, styled
from jobs.common.counting import counted
from jobs.pipeline.filters import Filter
from jobs.pipeline.filters.dry_run import Clause, DryRun
from jobs.pipeline.filters.examples import NOT_AS_CLAIMED, NOT_CHECKED, Checked
from jobs.pipeline.filters.module_needs import with_givers
from jobs.pipeline.filters.nearest import MISSES, SAMPLES

_NIGHTS_SHOWN = 12
_COLUMNS_SHOWN = 6
_IDS = ("survey", "alert_id", "object_id", "mjd", "night")
_WHOLE = ("name", "version", "alert_id", "object_id", "night")


def print_list(console: Console, filters: Sequence[Filter], folder: str, is_named: bool) -> None:
    """One line per filter of a folder.

    Parameters
    ----------
    console : Console
        Where it goes.
    filters : sequence of Filter
        In the order of the lines.
    folder : str
        Where they are.
    is_named : bool
        False: the folder lies in one that was named. A job that takes that one does not take these.
    """
    table = _table(f"filters in {folder}", "name", "version", "per object", "per night", "modules", "description")
    for each in filters:
        table.add_row(
            each.name,
            each.version,
            _per_object(each),
            str(each.max_per_night or ""),
            " ".join(sorted(each.modules)),
            each.description,
        )
    console.print(table)
    if not is_named:
        modules = ",".join(sorted(with_givers(name for each in filters for name in each.modules)))
        told = f"a job takes those of {folder} where it names the folder, and has to run their modules"
        console.print(f"{told}: --filters {folder} --modules {modules}", soft_wrap=True)


def print_examples(console: Console, filters: Sequence[Filter], checked: Sequence[Checked]) -> None:
    """One line per filter, those with a wrong example apart, and one per example that could not be looked at.

    Parameters
    ----------
    console : Console
        Where it goes.
    filters : sequence of Filter
        In the order of the lines.
    checked : sequence of Checked
        Of the examples of all of them.
    """
    wrong = {one.filter for one in checked if one.outcome == NOT_AS_CLAIMED}
    for title, own in (
        ("filters that can be used", [each for each in filters if each.name not in wrong]),
        ("filters that cannot be used: an example is not as claimed", [each for each in filters if each.name in wrong]),
    ):
        if own:
            console.print(_examples(title, own, checked))
    unchecked = [one for one in checked if one.outcome == NOT_CHECKED]
    for one in unchecked:
        console.print(f"not checked: {one.problem}")
    if unchecked:
        console.print(_what_to_give(filters, unchecked), soft_wrap=True)
    for each in filters:
        if not each.examples.match or not each.examples.no_match:
            said = "has no example of a match and of a miss: nothing would show that it is the wrong way round"
            console.print(f"{each.name} {said}")


def _what_to_give(filters: Sequence[Filter], unchecked: Sequence[Checked]) -> str:
    """What has the real alerts that could not be looked at: packets, or an output with the answers of the modules."""
    names = {one.filter for one in unchecked}
    modules = ",".join(sorted(with_givers(name for each in filters if each.name in names for name in each.modules)))
    ran = f" that ran --modules {modules}" if modules else ""
    return (
        f"to check {'it' if len(unchecked) == 1 else 'them'}: --data DIR, where DIR has these alerts: a folder of their packets"
        f" (*.avro), which are scored then, or an output of strix night{ran}; without --data $STRIX_REAL_ALERTS is looked in"
    )


def _examples(title: str, filters: Sequence[Filter], checked: Sequence[Checked]) -> Table:
    table = _table(title, "name", "version", "match", "no match", "not checked")
    for each in filters:
        own = [one for one in checked if one.filter == each.name]
        looked = [one for one in own if one.outcome != NOT_CHECKED]
        claims = [sum(one.claim == claim for one in looked) for claim in ("match", "no_match")]
        table.add_row(each.name, each.version, *map(str, claims), str(len(own) - len(looked)))
    return table


def print_test(console: Console, each: Filter, done: DryRun, absent: AbsentModules | None = None) -> None:
    """What a dry run found.

    Parameters
    ----------
    console : Console
        Where it goes.
    each : Filter
        The one that was tried.
    done : DryRun
        Of that filter.
    absent : AbsentModules, optional
        The modules that it reads and the output lacks.
    """
    share = 100 * done.matched / done.total if done.total else 0.0
    nights = len(done.nights)
    console.print(styled(each.name, "bold"), f"{each.version}: {each.description}")
    console.print(
        f"{done.matched:,} of {done.total:,} alerts match ({share:.2f} %), {done.matched / max(nights, 1):.1f} a night"
        f" over {counted(nights, 'night')}; per_object ({_per_object(each)}) and max_per_night are not applied",
    )
    if absent:
        console.print(f"{absent}: NULL for every alert")
    if done.unanswered:
        console.print(_unanswered(done, absent.absent if absent else ()))
    console.print(_clauses(done))
    console.print(_nulls(done))
    console.print(_nights(done))
    if done.matches is not None and done.matches.num_rows:
        shown = _annotated(done)
        console.print(_sample(f"matches, {shown.num_rows} of {done.matched:,}", shown))
    for clause in done.clauses:
        if clause.misses:
            console.print(_near(clause))


def _per_object(each: Filter) -> str:
    rule = each.per_object
    return f"every {rule.hours:g} h" if rule.rule == "every_hours" else rule.rule


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name in _WHOLE)
    return table


def _clauses(done: DryRun) -> Table:
    table = _table("clauses", "clause", "left after it", "alone", "NULL", "fail it alone")
    for clause in done.clauses:
        counts = (clause.after, clause.alone, clause.null, clause.keeps_out)
        table.add_row(clause.text, *(f"{count:,}" for count in counts))
    return table


def _nulls(done: DryRun) -> Table:
    table = _table("columns", "column", "NULL", "%")
    for name, count in done.nulls.items():
        table.add_row(name, f"{count:,}", f"{100 * count / max(done.total, 1):.1f}")
    return table


def _nights(done: DryRun) -> Table | str:
    """The nights with most matches; those without a match in the title."""
    matched = {night: counts for night, counts in done.nights.items() if counts[1]}
    none = f"none in {counted(len(done.nights) - len(matched), 'night')}"
    if not matched:
        return f"matches by night: {none}"
    best = sorted(matched.items(), key=lambda item: (-item[1][1], item[0]))[:_NIGHTS_SHOWN]
    title = f"nights with matches, {len(best)} of {len(matched)}, most first"
    table = _table(f"{title}; {none}" if len(matched) < len(done.nights) else title, "night", "alerts", "matches", "%")
    for night, (alerts, matches) in best:
        table.add_row(str(night), f"{alerts:,}", f"{matches:,}", f"{100 * matches / alerts:.2f}")
    return table


def _near(clause: Clause) -> Table | str:
    """The nearest misses; a line for a clause that no number is missed by (a text, a boolean): none is nearer than another."""
    assert clause.near is not None
    near = clause.near.filter(pc.is_valid(clause.near["missed_by"]))
    alone = f"{clause.misses:,} for which `{clause.text}` alone is FALSE"
    if not near.num_rows:
        return f"near misses: {alone}, which is missed by no number"
    return _sample(f"near misses, the nearest {min(near.num_rows, SAMPLES)} of {alone}", near, MISSES)


def _unanswered(done: DryRun, absent: Sequence[str]) -> str:
    """How many alerts are left out because the condition is NULL for them, and which columns that are there are then."""
    there = [(name, count) for name, count in done.null_then.items() if name.partition(".")[0] not in absent]
    columns = sorted(there, key=lambda item: -item[1])[:_COLUMNS_SHOWN]
    told = ", ".join(f"{name} is NULL for {count:,}" for name, count in columns if count)
    alerts = f"{done.unanswered:,} alert{'' if done.unanswered == 1 else 's'}"
    return f"{alerts}: NULL, do not pass{f' ({told})' if told else ''}"


def _annotated(done: DryRun) -> pa.Table:
    """The first matches; what the filter adds stands before its columns, and instead of those of the same name."""
    assert done.matches is not None
    rows = done.matches.slice(0, SAMPLES)
    if done.annotations is None:
        return rows
    added = {name: done.annotations[name] for name in done.annotations.column_names if name not in _IDS}
    own = {name: rows[name] for name in rows.column_names if name not in added}
    return pa.table({**{name: own.pop(name) for name in _IDS}, **added, **own})


def _sample(title: str, rows: pa.Table, first: Sequence[str] = ()) -> Table:
    own = [name for name in rows.column_names if name not in (*_IDS, *first)]
    own = [name for name in own if not name.startswith("_") and not pa.types.is_list(rows.schema.field(name).type)]
    names = ["survey", "alert_id", "object_id", "night", *first, *own[:_COLUMNS_SHOWN]]
    table = _table(title, *names)
    for row in rows.select(names).slice(0, SAMPLES).to_pylist():
        table.add_row(*("NULL" if row[name] is None else _shown(row[name]) for name in names))
    return table


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
