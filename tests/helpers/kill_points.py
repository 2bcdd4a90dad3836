"""The points at which a batch can be killed, as the code has them."""

import re

from job_process import ROOT

KILLED = -9


def called_points() -> set[str]:
    """The points at which every batch of every job can be killed; those of a sink's own are for the sink's tests."""
    source = (ROOT / "jobs" / "pipeline" / "batch" / "processor.py").read_text(encoding="utf-8")
    return set(re.findall(r'faults\.point\("(\w+)"', source))
