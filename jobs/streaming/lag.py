"""How far a job is behind its topics once a batch is closed: the planner's last look came before it."""

from collections.abc import Mapping, Sequence
from typing import Any

from jobs.packets.ranges import Range


def lag_of(report: Mapping[str, Any]) -> int | None:
    """Records that were there at the planner's last look and are not committed; None of what is no topic.

    Parameters
    ----------
    report : mapping
        What a source tells monitors.
    """
    lag: int | None = report.get("kafka", {}).get("lag")
    return lag


def after_batch(report: Mapping[str, Any], ranges: Sequence[Range]) -> dict[str, Any]:
    """What a source told when it planned a batch, as it is after the batch; ends are those that it knew then.

    Parameters
    ----------
    report : mapping
        What the source told; without topics it stays as it is.
    ranges : sequence of Range
        What the batch read, in the order in which it was planned.

    Returns
    -------
    dict
        A copy.
    """
    if "kafka" not in report:
        return dict(report)
    partitions = [_after(each, ranges) for each in report["kafka"]["partitions"]]
    lag = sum(each["lag"] for each in partitions)
    return {**report, "kafka": {**report["kafka"], "partitions": partitions, "lag": lag}}


def _after(partition: Mapping[str, Any], ranges: Sequence[Range]) -> dict[str, Any]:
    position, end = partition["position"], partition["end"]
    for each in ranges:
        same = (each.path, each.partition) == (partition["topic"], partition["partition"])
        # Another topic of the same name has other offsets.
        if same and position <= each.start and each.stop <= end:
            position = each.stop
    return {**partition, "position": position, "lag": end - position}
