"""The table with which a job ends: what was read, what became of it, what stands out, what to type next."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from rich.table import Table

from jobs.archive.top_alerts import files_of, highest, most_anomalous
from jobs.archive.versions import versions_in
from jobs.cli.answers import ANSWER_COLUMNS, answer_cells
from jobs.cli.console import Console, styled, table_console
from jobs.cli.outputs import shortest, show_command
from jobs.common.counting import counted
from jobs.common.job import Job
from jobs.labels.class_outputs import Output, score_names
from jobs.launcher.run import Outcome
from jobs.launcher.science import Science
from jobs.ledger.counts import Counts, add_night, empty_counts
from jobs.ledger.not_sent import told_not_sent
from jobs.ledger.records import Record
from jobs.ledger.shortfalls import lines_of, shortfalls
from jobs.storage.layout import Layout
from science_modules.common.contract import ScienceModule

SCORES_PER_MODULE = 5
HIGHEST = 2  # alerts per score


def print_outcome(
    job: Job, outcome: Outcome, records: Sequence[Record], rate: float, console: Console | None = None
) -> None:
    """Print the closing table of a run.

    Parameters
    ----------
    job : Job
        The one that ran.
    outcome : Outcome
        As `run_job` gives it.
    records : sequence of Record
        The batches that the run closed.
    rate : float
        Packets per second of the whole run (`rate.Rate.whole_run`), start of Spark not counted; 0 if nothing was read.
    console : Console, optional
        Where it goes; stdout if not given.
    """
    console = console or table_console()
    totals = empty_counts()
    for record in records:
        for counts in record.nights.values():
            add_night(totals, counts)
    if not outcome.status.batches:
        said = "stopped before a batch was read" if outcome.asked else "nothing new to read in the input"
        console.print(f"{job.name}: {said}; this is what the output holds")
    if told := nothing_scored(job, totals, records):
        console.print(told, highlight=False, soft_wrap=True)
    if outcome.status.asked_to_stop:
        console.print(_stopped(outcome.status.all_read), soft_wrap=True)
    console.print(_summary(job, totals, records, rate))
    _print_input(console, outcome.status.more())
    best = f"strix show ID --data {_typed(outcome.layout)}"
    if totals["enriched"]:
        console.print(_module_table(totals, versions_in(files_of(outcome.layout, records))))
        _print_scores(console, outcome, records)
        best = _print_anomalous(console, outcome.layout, records) or best
    print_filters(console, records)
    for note in (note for record in records for note in told_not_sent(record)):
        console.print(f"note: {note}", soft_wrap=True)
    _print_left_out(console, outcome.science)
    _print_next(console, outcome.layout, totals, best)


def _stopped(all_read: bool) -> str:
    if all_read:
        return "stopped; all that had come at the last look was read; the same command goes on from here"
    return "stopped; there may be more to read: the same command goes on from here"


def _nights(records: Sequence[Record]) -> int:
    """Nights of which there are alerts; what was refused counts for none."""
    return len({night for record in records for night, counts in record.nights.items() if counts["decoded"]})


def nothing_scored(job: Job, totals: Counts, records: Sequence[Record]) -> str:
    """Why a run that read packets has no alert to show for it: all were known. Empty if it has, or for another reason.

    Parameters
    ----------
    job : Job
        Whether it runs science modules decides what to do next.
    totals : dict
        The ledger's numbers of the run, summed over its nights.
    records : sequence of Record
        Of the batches of the run; they name the nights of the alerts that were known.
    """
    if totals["decoded"] or not totals["duplicates"]:
        return ""
    if not job.science:
        return f"nothing was kept: all {totals['duplicates']:,} alerts were known"
    known = {night for record in records for night, counts in record.nights.items() if counts["duplicates"]}
    again = f"`strix enrich --again --night {' '.join(sorted(known))}` to score again"
    return f"nothing was scored: all {totals['duplicates']:,} alerts were known (use {again})"


def _print_left_out(console: Console, science: Science) -> None:
    for name, problem in science.left_out.items():
        told = f"its published weights are not here; add them with `strix models add {name} --from PATH|URL`"
        console.print(styled(f"{name} was left out:", "yellow"), told, soft_wrap=True)
        console.print(styled(f"  {problem}", "dim"), soft_wrap=True)


def _summary(job: Job, totals: Counts, records: Sequence[Record], rate: float) -> Table:
    table = Table(title=f"strix {job.name}", title_justify="left", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_row("read", f"{totals['read']:,}")
    table.add_row("scored" if totals["enriched"] else "decoded", f"{totals['enriched'] or totals['decoded']:,}")
    table.add_row("duplicates", f"{totals['duplicates']:,}")
    table.add_row("quarantined", f"{sum(totals['quarantined'].values()):,}")
    for reason, count in sorted(totals["quarantined"].items()):
        table.add_row(f"  {reason}", f"{count:,}")
    table.add_row("flux is NULL", f"{totals['null_flux']:,}")
    table.add_row("history points dropped", f"{totals['bad_history']:,}")
    table.add_row("nights", f"{_nights(records):,}")
    for store, written in _stored(records).items():
        table.add_row("HBase", f"{written:,} written{store}")
    if rate:
        table.add_row("alerts/s, whole run", f"{rate:,.0f}")
    return table


def _stored(records: Sequence[Record]) -> Counter[str]:
    """Alerts that HBase has acknowledged, by where: a record of before the ledger named the store says nothing of it."""
    stored: Counter[str] = Counter()
    for own in (record.sinks["hbase"] for record in records if "hbase" in record.sinks):
        stored[f" to {own['store']}" if "store" in own else ""] += own["written"]
    return stored


def _print_input(console: Console, told: Mapping[str, Any]) -> None:
    """What became of the input beside packets: files that had changed, what was passed over and why."""
    changed = {kind: count for kind, count in told.get("files_changed", {}).items() if count}
    passed = told.get("passed_over", {})
    if not changed and not passed:
        return
    table = Table(title="input", title_justify="left", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    if changed:
        table.add_row("files that had changed since they were read", f"{sum(changed.values()):,}")
    for kind, words in (("grown", "grown: read on"), ("replaced", "replaced: read from the beginning")):
        if kind in changed:
            table.add_row(f"  {words}", f"{changed[kind]:,}")
    if passed:
        table.add_row("passed over", f"{sum(passed.values()):,}")
    for reason, count in passed.items():
        table.add_row(f"  {reason}", f"{count:,}")
    console.print(table)


def _module_table(totals: Counts, versions: Mapping[str, Sequence[str]]) -> Table:
    """What the modules answered; the versions are those of the files, whatever code runs today."""
    table = Table(title="modules", title_justify="left")
    for name in ("module", "version", *ANSWER_COLUMNS):
        table.add_column(name, justify="right" if name in ANSWER_COLUMNS[:-1] else "left")
    for name, numbers in totals["modules"].items():
        table.add_row(name, ", ".join(versions.get(name, ())), *answer_cells(numbers))
    return table


def print_filters(console: Console, records: Sequence[Record]) -> None:
    """Print what became of the filters' matches, and what they have not judged or could not send.

    Parameters
    ----------
    console : Console
        Where it goes.
    records : sequence of Record
        Of the batches of the run; nothing is printed if none had filters.
    """
    if any(record.sinks.get("filters") for record in records):
        console.print(_filter_table(records))
    for name, own in sorted(shortfalls(records).items()):
        for line in lines_of(name, own):
            console.print(styled("not sent:", "yellow"), line, soft_wrap=True)


def _filter_table(records: Sequence[Record]) -> Table:
    """What filters matched and sent, and what was held back and why."""
    columns = {
        "matched": "matched",
        "sent": "sent",
        "private": "private",
        "per_object": "object known",
        "over_max_per_night": "over the limit",
        "too_large": "too large",
        "unknown": "not judged",
    }
    totals: dict[str, Counter[str]] = {}
    for record in records:
        for name, numbers in record.sinks.get("filters", {}).items():
            totals.setdefault(name, Counter()).update({key: numbers.get(key, 0) for key in columns})
        for name, count in record.sinks.get("kafka", {}).get("too_large", {}).items():
            totals[name].update(too_large=count, sent=-count)
    table = Table(title="filters", title_justify="left")
    table.add_column("filter")
    for title in columns.values():
        table.add_column(title, justify="right")
    for name, numbers in sorted(totals.items()):
        table.add_row(name, *(f"{numbers[key]:,}" for key in columns))
    return table


def score_outputs(module: ScienceModule) -> list[str]:
    """The outputs of a module that are scores of which high ones stand out, in the module's order.

    Parameters
    ----------
    module : ScienceModule
        Any. An output of which low values stand out is left out; so is a percentage, which has a table of its own.
    """
    numbers = [each for each in module.outputs if each.type.startswith("float") and each.unit != "%"]
    known = [each for each in numbers if not each.lowest_first]
    return score_names(Output(each.name, each.unit, each.description) for each in known)


def _print_anomalous(console: Console, layout: Layout, records: Sequence[Record]) -> str:
    """Print the list; the command that shows its first alert, "" if there is none."""
    found = most_anomalous(layout, records)
    if not found:
        return ""
    table = Table(
        title="most anomalous (percentile among the alerts that the forest learned from)", title_justify="left"
    )
    for column in ("percentile", "object", "alert", "night"):
        table.add_column(column, justify="right" if column == "percentile" else "left", no_wrap=True)
    table.add_column("why: the features that contributed most")
    for each in found:
        mark = " SIMULATED" if each.simulated else ""
        table.add_row(f"{each.percentile:.2f}", f"{each.object_id}{mark}", each.alert_id, str(each.night), each.why)
    console.print(table)
    return show_command({"object_id": found[0].object_id, "alert_id": found[0].alert_id}, layout)


def _print_scores(console: Console, outcome: Outcome, records: Sequence[Record]) -> None:
    columns = {
        module.name: [f"{module.name}.{name}" for name in score_outputs(module)] for module in outcome.science.modules
    }
    names = [name for own in columns.values() for name in own]
    if not names:
        return
    found = highest(files_of(outcome.layout, records), names, HIGHEST)
    answered = {
        module: [name for name in own if name in found and found[name].num_rows] for module, own in columns.items()
    }
    shown = {module: _highest_columns(own, found) for module, own in answered.items()}
    if not any(shown.values()):
        return
    table = Table(title="highest scores", title_justify="left")
    for column in ("score", "value", "object", "alert", "night"):
        table.add_column(column, justify="right" if column == "value" else "left", no_wrap=True)
    for name in (name for own in shown.values() for name in own):
        for row in found[name].to_pylist():
            mark = " SIMULATED" if row["is_simulated"] else ""
            told = (f"{row[name]:.4f}", f"{row['object_id']}{mark}", str(row["alert_id"]), str(row["night"]))
            table.add_row(name, *told)
    console.print(table)
    for module, own in answered.items():
        if left := len(own) - len(shown[module]):
            command = f"strix scores {_typed(outcome.layout)} --module {module}"
            console.print(f"{counted(left, 'more score')} of {module}: {command}", soft_wrap=True)


def _highest_columns(names: Sequence[str], found: Mapping[str, pa.Table]) -> list[str]:
    """The scores of a module that are shown: all in its order if they are few, else those with the highest values."""
    if len(names) <= SCORES_PER_MODULE:
        return list(names)
    return sorted(names, key=lambda name: -found[name][name][0].as_py())[:SCORES_PER_MODULE]


def _typed(layout: Layout) -> str:
    return shlex.quote(shortest(layout.root))


def _print_next(console: Console, layout: Layout, totals: Counts, best: str) -> None:
    root = _typed(layout)
    console.print()
    console.print(f"output: {layout.root}", soft_wrap=True)
    console.print("next:")
    lines = [f"strix ledger check {root}"]
    if totals["quarantined"]:
        lines.append(f"strix quarantine list {root}")
    if totals["enriched"]:
        lines.append(f"strix report {root} -o night.html")
        lines.append(f"{best} -o alert.png")
        lines.append(f"python -c \"import pandas; print(pandas.read_parquet('{root}/science', partitioning=None))\"")
    for line in lines:
        console.print(f"  {line}", soft_wrap=True)
