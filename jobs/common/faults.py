"""Fault hooks at every arrow of the life of a batch, so that kill tests hit named points.

`STRIX_FAULT=after_seal` kills the process with SIGKILL when it first comes to that point; `after_seal@3` when it comes
there in batch 3. Without the variable a hook is one comparison.
"""

import os
import signal

POINTS = (
    "after_plan",
    "in_stage",
    "after_stage",
    "after_dedupe",
    "before_seal",
    "after_seal",
    "in_publish",
    "after_publish",
    "after_put",
    "after_store",
    "after_filter",
    "in_send",
    "before_commit",
    "after_commit",
    "before_close",
    "after_close",
)

# The steps of a compaction or pruning; `in_swap` is come to where folders cannot be exchanged in one step.
MAINTENANCE = (
    "house_begun",
    "in_merge",
    "after_merge",
    "after_link",
    "before_journal",
    "after_journal",
    "in_swap",
    "after_swap",
    "after_done",
    "in_sweep",
    "after_sweep",
)

# The steps of rolling closed batches into a volume; `after_known` is come to where files were read.
ROLLING = (
    "roll_begun",
    "in_roll",
    "after_volume",
    "after_known",
    "before_rolled",
    "after_rolled",
    "in_roll_sweep",
    "after_roll_sweep",
)

# The same for a night that is scored again: two Spark jobs, then the exchange.
RESCORING = (
    "house_begun",
    "in_answers",
    "after_answers",
    "in_rewrite",
    "after_rewrite",
    *MAINTENANCE[MAINTENANCE.index("after_link") : MAINTENANCE.index("after_swap") + 1],
    "after_kept",
    *MAINTENANCE[MAINTENANCE.index("after_done") :],
)

# A night that is written to HBase from its files: behind the puts of some of them, before that is noted.
LOADING = ("in_load",)

# The steps of a partition of a release; the number of a batch is the partition's.
REPROCESSING = ("before_publish", "before_record")

_ARMED = os.environ.get("STRIX_FAULT", "")


def point(name: str, batch: int) -> None:
    """Die here if the environment asks for it.

    Parameters
    ----------
    name : str
        One of POINTS, ROLLING or REPROCESSING.
    batch : int
        The batch in hand.
    """
    if _ARMED and _ARMED in (name, f"{name}@{batch}"):
        os.kill(os.getpid(), signal.SIGKILL)


def armed(name: str, batch: int) -> bool:
    """Whether the environment asks for a kill at this point.

    Parameters
    ----------
    name : str
        One of POINTS.
    batch : int
        The batch in hand.
    """
    return _ARMED in (name, f"{name}@{batch}")


def maintenance(name: str) -> None:
    """Die at this step of a compaction, pruning, rescoring or back-fill if the environment asks for it.

    Parameters
    ----------
    name : str
        One of MAINTENANCE, RESCORING, ROLLING or LOADING.
    """
    if name == _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
