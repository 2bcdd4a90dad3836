"""What the age of a stream costs: a start, a plan, a day's numbers, over a simulated past of so many batches."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from jobs.bench.history import JOB, STREAM, file_of, night_of, simulate
from jobs.bench.inputs import Bench
from jobs.bench.numbers import Number, timed
from jobs.bench.scratch import empty_folder
from jobs.ledger.known_files import KnownFiles
from jobs.ledger.streams import StreamLedger
from jobs.pipeline.sources.files.source import FileSource
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.storage.layout import Layout

MIB = 2**20
# Runs a verb and says on its last line how much CPU [s] and, at most, memory [KiB] its own process took.
_VERB = (
    "import sys, time; from jobs.cli.main import main; code = main(sys.argv[1:]);"
    " peak = open('/proc/self/status').read().partition('VmHWM:')[2].split()[0];"
    " print(time.process_time(), peak); sys.exit(code)"
)
_FILES_AT_ONCE = 4096


def ledger(bench: Bench) -> list[Number]:
    """A job over an output without and with a past of `alerts` batches; then what is asked of that past.

    Parameters
    ----------
    bench : Bench
        Its `alerts` is the number of batches of the past.
    """
    batches = bench.alerts
    with empty_folder() as folder:
        packets = _packets(folder / "packets")
        past = Layout(folder / "past")
        made = timed(lambda: simulate(past, batches))
        numbers = [Number("writing the past", "s", (made,)), *_size(past)]
        empty = [_verb(JOB, "--input", str(packets), "--output", str(folder / f"empty{n}")) for n in range(2)][1]
        aged = _verb(JOB, "--input", str(packets), "--output", str(past.root))
        numbers += _told("a job that reads one file, empty output", empty)
        numbers += _told("the same, with this past", aged, empty)
        numbers += _planning(past, packets)
        night = night_of(batches // 2)
        numbers += _told(
            f"strix ledger show --night {night}", _verb("ledger", "show", str(past.root), "--night", night)
        )
        numbers += _told(
            f"strix ledger check --night {night}", _verb("ledger", "check", str(past.root), "--night", night)
        )
    return numbers


def _packets(folder: Path) -> Path:
    folder.mkdir()
    (folder / "p.avro").write_bytes(container([packet(1, number)[0] for number in range(20)]))
    os.utime(folder / "p.avro", (1.6e9, 1.6e9))
    return folder


def _size(past: Layout) -> list[Number]:
    files = [path for path in past.ledger.rglob("*") if path.is_file()]
    return [
        Number("  files of the ledger", "", (float(len(files)),)),
        Number("  their size", "MiB", (sum(path.stat().st_size for path in files) / MIB,)),
    ]


@dataclass(frozen=True)
class _Taken:
    """What a verb took in a process of its own: seconds, seconds of CPU, MiB at most (Spark's JVM not counted)."""

    wall_s: float
    cpu_s: float
    mib: float


def _verb(*arguments: str) -> _Taken:
    began = time.perf_counter()
    command = [sys.executable, "-c", _VERB, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"strix {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    cpu_s, peak = done.stdout.split()[-2:]
    return _Taken(time.perf_counter() - began, float(cpu_s), int(peak) / 1024)


def _told(what: str, taken: _Taken, other: _Taken | None = None) -> list[Number]:
    numbers = [
        Number(what, "s", (taken.wall_s,)),
        Number("  CPU of its process", "s", (taken.cpu_s,)),
        Number("  memory of its process", "MiB", (taken.mib,)),
    ]
    if other is not None:
        numbers.append(Number("  more time than without a past", "s", (taken.wall_s - other.wall_s,)))
        numbers.append(Number("  more CPU", "s", (taken.cpu_s - other.cpu_s,)))
        numbers.append(Number("  more memory", "MiB", (taken.mib - other.mib,)))
    return numbers


def _planning(past: Layout, packets: Path) -> list[Number]:
    """A plan when there is nothing new, and whether known files are known, in this process."""
    own = StreamLedger(past, STREAM)
    source = FileSource([str(packets)], 0.0, past.staging / "spool")
    before = psutil.Process().memory_info().rss
    source.begin(own)
    for record in own.open_records():
        source.note(record)
    source.plan(100)
    plan = timed(lambda: (source.plan(100), own.next_batch()))
    known = KnownFiles(own.rolled)
    asked = [file_of(batch) for batch in range(len(known))]
    pieces = [asked[first : first + _FILES_AT_ONCE] for first in range(0, len(asked), _FILES_AT_ONCE)]
    grown = (psutil.Process().memory_info().rss - before) / MIB
    seconds = timed(lambda: _check_known(known, pieces))
    return [
        Number("one plan", "s", (plan,)),
        Number(f"known files among {len(asked)} on disk, beside their stat", "s", (seconds,)),
        Number("  memory that this took", "MiB", (grown,)),
    ]


def _check_known(known: KnownFiles, pieces: list[list[tuple[str, int, int]]]) -> None:
    for files in pieces:
        if not known.holds(files).all():
            raise RuntimeError(f"a file that was read is not known: one of {json.dumps(files[:3])}")
