"""Simulate a night of ZTF packets: `strix simulate DIRECTORY --n 200`."""

from collections.abc import Sequence
from typing import get_args

from jobs.cli.console import say
from jobs.cli.frame import OK, Options, verb
from jobs.common.local_paths import local_path
from jobs.simulation import Layout, simulate


@verb("strix simulate")
def main(argv: Sequence[str] | None = None) -> int:
    """Write simulated packets as the command line says; 0 if done, 2 if it cannot be.

    Parameters
    ----------
    argv : sequence of str, optional
        As typed behind `strix simulate`; `sys.argv[1:]` if not given.
    """
    parser = Options(prog="strix simulate", description=__doc__)
    parser.add_argument("output", type=local_path, help="a new or empty directory")
    parser.add_argument("--n", type=int, default=200, help="number of alerts")
    parser.add_argument("--seed", type=int, default=0, help="0 to 99999; another seed, another night")
    parser.add_argument("--layout", choices=get_args(Layout), default="containers")
    parser.add_argument("--per-file", type=int, default=100, help="packets per container")
    options = parser.parse_args(argv)
    counts = simulate(options.output, options.n, options.seed, options.layout, options.per_file)
    classes = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    say(f"{options.n} simulated alerts in {options.output}: {classes}")
    return OK
