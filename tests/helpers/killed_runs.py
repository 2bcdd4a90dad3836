"""`strix compact`, `strix prune` and `strix enrich --again` in processes that SIGKILL themselves at a named step.

One process imports everything and forks for each run: it is idle, so that nothing of Arrow is held over the fork.
Reads lines of JSON (arguments, fault, whether folders can be exchanged) and answers with exit codes, negative for signals.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from small_outputs import LocalSpark

from jobs.cli.main import main
from jobs.common import faults
from jobs.launcher import rescoring
from jobs.maintenance import maintenance, swap

maintenance.GRACE_S = 0.02


@contextmanager
def _local(*given: Any) -> Iterator[Any]:
    yield LocalSpark()


rescoring.session_of = _local
rescoring.find_java = lambda: ("java", 17)


def run(arguments: list[str], fault: str, exchanges: bool) -> int:
    """The exit code of a run in a process of its own."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            faults._ARMED = fault
            if not exchanges:
                swap.exchange = lambda one, other: False
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            code = main(arguments)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    import jobs.cli.compact
    import jobs.cli.prune
    import jobs.cli.run  # noqa: F401

    for line in sys.stdin:
        print(run(**json.loads(line)), flush=True)
