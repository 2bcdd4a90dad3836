"""Alerts of packet files in the common view, a table at a time: without Spark, without a ledger."""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from jobs.common.counting import counted
from jobs.common.times import tai_of_unix
from jobs.packets.reading import batched
from jobs.pipeline.enrichment.isolation import Limits, Watchdog
from jobs.pipeline.enrichment.one_pass import OnePass, PassOptions, PassResult
from jobs.pipeline.sources.files.listing import list_inputs
from jobs.pipeline.sources.files.names import PATTERNS
from jobs.pipeline.sources.files.passed_over import LOSSES, PassedOver
from jobs.pipeline.sources.files.source import FileSource
from jobs.pipeline.sources.files.taken import Taking
from jobs.pipeline.sources.readers import read_ranges

_MESSAGES, _BYTES = 256, 48 * 1024 * 1024  # of a table, at the most


def alert_tables(paths: Sequence[str | Path], surveys: Sequence[str], schemas: str | None = None) -> Iterator[pa.Table]:
    """Alert packets as tables in the common view; the first is empty, so that the columns are known in any case.

    Parameters
    ----------
    paths : sequence of str or pathlib.Path
        Files, directories, globs, .tar or .tar.gz archives.
    surveys : sequence of str
        Whose packets are taken.
    schemas : str, optional
        Directory of schemas for the Confluent wire format.

    Yields
    ------
    pyarrow.Table
        The columns of `science_modules.common.view`, the cutouts, `candidate`, `provenance`. Duplicates stay.

    Raises
    ------
    NoInput
        If a path names nothing.
    ValueError
        At the end, if a packet cannot be read: with the reason, the number of such packets and the first one's origin. If
        a file or folder cannot be read.
    """
    one_pass = OnePass(PassOptions(tuple(surveys), schemas, (), tai_of_unix(time.time())), {}, Watchdog(Limits()))
    refused: list[pa.Table] = []
    yield _view(one_pass.schema.empty_table())
    for passed in passes(paths, one_pass):
        refused.append(passed.refused)
        yield _view(passed.alerts)
    _check_accepted(refused)


def passes(paths: Sequence[str | Path], one_pass: OnePass) -> Iterator[PassResult]:
    """Alert packets through the pass of the jobs, some hundred at a time.

    Parameters
    ----------
    paths : sequence of str or pathlib.Path
        Files, directories, globs, archives, raw tables of an output.
    one_pass : OnePass
        What is done with them.

    Yields
    ------
    PassResult

    Raises
    ------
    NoInput
        If a path names nothing.
    ValueError
        At the end, if a file or folder cannot be read.
    """
    with TemporaryDirectory() as spool:
        source = FileSource([str(path) for path in paths], 0.0, Path(spool))
        source.check()
        for group in batched(read_ranges(source.plan(sys.maxsize)), _MESSAGES, _BYTES):
            yield one_pass(group)
        unread = source.passed_over()
    _check_read(unread)


def packet_files(path: str | Path) -> list[Path]:
    """The files of packets that a path names, sorted: itself, or those in a directory and below it.

    Parameters
    ----------
    path : str or pathlib.Path
        A file or a directory; what is found begins with it.
    """
    whole = Path(path).absolute()
    return [
        Path(path) / Path(each).relative_to(whole) for each in sorted(list_inputs([str(whole)], Taking(PATTERNS)).files)
    ]


def _view(alerts: pa.Table) -> pa.Table:
    return alerts.drop_columns(["schema", "value", "content_hash"])


def _check_read(unread: PassedOver) -> None:
    if unread.lost:
        told = "; ".join(
            f"{reason}: {', '.join(unread.examples[reason])}" for reason in LOSSES if reason in unread.counts
        )
        raise ValueError(f"not all of the input can be read; {told}")


def _check_accepted(refused: Sequence[pa.Table]) -> None:
    n = sum(each.num_rows for each in refused)
    if n:
        first = pa.concat_tables(refused).slice(0, 1).to_pylist()[0]
        told = f"first {first['reason']}: {first['message']} ({first['provenance']['file']})"
        raise ValueError(f"{counted(n, 'packet')} cannot be read; {told}")
