"""Networks that are trained on first alerts of objects, in packets of ZTF: what they have in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.pipeline.alerts import packet_files
from jobs.training import stamp_set
from jobs.training.trainable import Trainable


@dataclass(frozen=True)
class Data:
    """What a network is trained on.

    Attributes
    ----------
    alerts : tuple of str
        Files or directories of ZTF packets, real or of `strix simulate night`; each is a part, and gives one example of an
        object.
    bogus_below : float
        Real alerts without any label whose drb is less are examples of bogus; 0 for none.
    """

    alerts: tuple[str, ...] = ()
    bogus_below: float = 0.1


class FirstAlerts(Trainable):
    """A trainable whose examples are the earliest usable alerts of labelled objects."""

    data = Data

    def parts(self, data: Any) -> Sequence[str]:
        """The files and directories of packets.

        Parameters
        ----------
        data : Data
        """
        if not data.alerts:
            raise ValueError("nothing to train on: data wants `alerts`")
        absent = [path for path in data.alerts if not Path(path).exists()]
        if absent:
            raise ValueError(f"data: there is no {', '.join(absent)}")
        return list(data.alerts)

    def chosen(self, labelled: Iterator[pa.Table], data: Any) -> Iterator[pa.Table]:
        """The earliest usable alert of each object that has a label or stands for bogus; what has none, to be counted.

        Parameters
        ----------
        labelled : iterator of pyarrow.Table
            Of a part.
        data : Data
        """
        yield from stamp_set.first_labelled(labelled, self.classes, data.bogus_below)

    def files(self, data: Any) -> Sequence[Path]:
        """The files of packets.

        Parameters
        ----------
        data : Data
        """
        return [file for path in data.alerts for file in packet_files(path)]


def real(examples: pa.Table) -> pa.Table:
    """Those that are not simulated.

    Parameters
    ----------
    examples : pyarrow.Table
        With `simulated`.
    """
    return examples.filter(pc.invert(pc.fill_null(examples["simulated"], False)))
