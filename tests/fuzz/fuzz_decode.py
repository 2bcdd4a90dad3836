"""The compiled Avro decoder against fastavro, at length: random schemas, mutated datums, mutated real packets.

    python tests/fuzz/fuzz_decode.py --schemas 20000 --intact 4 --mutated 10 --packets 5000

Everything runs in a child process with a limit on its memory, datums and columns in front of forbidden pages, so that a byte
too far, a runaway allocation or an endless loop ends the child and is reported with its seed. Exit code 1 if anything is
wrong. Real packets are mutated too where there are any (../shared/data beside the checkout, or $STRIX_REAL_ALERTS).
"""

import argparse
import faulthandler
import io
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/helpers")]

from avro_fuzz import Disagreement, fuzz_packets, fuzz_random_schema
from avro_oracle import decoder_of, same_arrays, without_logical_types
from avro_packets import real_files, records_of

# Over what the process has after its first decoding: a batch here has a few hundred kB.
ROOM = 512 * 2**20
# A batch takes milliseconds; fastavro takes most of it.
HANG_S = 60


def main() -> int:
    """Run the child, and say how it ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schemas", type=int, default=1000, help="random schemas")
    parser.add_argument("--intact", type=int, default=4, help="intact datums per schema")
    parser.add_argument("--mutated", type=int, default=10, help="mutated datums per schema")
    parser.add_argument("--packets", type=int, default=0, help="mutated real packets")
    parser.add_argument("--real", action="store_true", help="compare every real packet as it is, too")
    parser.add_argument("--seed", type=int, default=0, help="of the first schema")
    parser.add_argument("--no-guard", action="store_true", help="ordinary memory instead of forbidden pages")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return run(options)
    child = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--child"], check=False)
    print(f"exit code {child.returncode}" + (" (killed)" if child.returncode < 0 else ""))
    return int(child.returncode != 0)


def run(options: argparse.Namespace) -> int:
    """All of it, in this process."""
    fuzz_random_schema(options.seed, 2, 2, False)
    cap_memory()
    tally: Counter[str] = Counter()
    started = time.monotonic()
    for what, job in jobs(options):
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        try:
            with ExitStack() as failing:
                failing.callback(print, f"{what}:")
                tally += job()
                failing.pop_all()
        except Disagreement as error:
            print(str(error)[:1000])
            tally["DISAGREEMENTS"] += 1
    faulthandler.cancel_dump_traceback_later()
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{dict(tally)} in {time.monotonic() - started:.0f} s, {used} MB resident at most")
    return int(tally["DISAGREEMENTS"] > 0)


def jobs(options: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """What to run, with what to say of it."""
    for seed in range(options.seed, options.seed + options.schemas):
        yield (
            f"schema seed {seed}",
            lambda seed=seed: fuzz_random_schema(seed, options.intact, options.mutated, not options.no_guard),
        )
    for path in real_files() if options.real else ():
        yield path.name, lambda path=path: compare_real(path)
    files = list(real_files()) if options.packets else []
    for number, path in enumerate(files):
        schema, records = records_of(path)
        share = options.packets // len(files) + (number < options.packets % len(files))
        for start in range(0, share, 20):
            n = min(20, share - start)
            yield (
                f"{path.name} seed {start}",
                lambda s=schema, r=records, start=start, n=n: fuzz_packets(s, r, start, n, not options.no_guard),
            )


def compare_real(path: Path) -> Counter[str]:
    """Every packet of a file, bit for bit."""
    schema, records = records_of(path)
    decoder, bare = decoder_of(schema), without_logical_types(schema)
    for start in range(0, len(records), 10):
        some = records[start : start + 10]
        array, refusals = decoder.decode(some)
        read = [fastavro.schemaless_reader(io.BytesIO(record), bare) for record in some]
        if refusals or not same_arrays(array, pa.array(read, type=decoder.wanted)):
            raise Disagreement(f"packets {start} to {start + 9}: {refusals}")
    return Counter(real=len(records))


def cap_memory() -> None:
    """No more address space than there is now, and some."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    sys.exit(main())
