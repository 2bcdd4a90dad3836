"""A bundle of a simulated survey on disk: its packets by night, the truth, and the mark that it is done."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.simulation.blocks import Block
from jobs.simulation.classes import CLASSES
from jobs.simulation.epochs import Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.maker import Made
from jobs.simulation.measuring import TRIGGER, measure
from jobs.simulation.parts import of_visits, parts
from jobs.simulation.populating import populate
from jobs.simulation.sky_night import TRUTH_SCHEMA
from jobs.simulation.survey.plan import Plan
from jobs.simulation.survey.surveys import NIGHTS, Nights
from jobs.simulation.tables.truth_table import SCHEMA as OBJECTS_SCHEMA
from jobs.simulation.tables.truth_table import truth_table

WORK, DONE = "_work", "_done"
TRUTH_OF_OBJECTS, TRUTH_OF_ALERTS = "_truth/objects", "_truth/alerts"
_EMPTY_BLOCK = 18  # bytes behind the header of a container without packets: two zeros and the mark


def write_bundle(plan: Plan, output: Path, bundle: int) -> None:
    """Make a bundle; what is there of it already is replaced by the same bytes.

    Parameters
    ----------
    plan : Plan
    output : Path
        Gets `<night>/simulated_<night>_<bundle>.avro`, `_truth/objects/<bundle>.parquet`, `_truth/alerts/...` and at last
        the mark `_done/<bundle>.json`: number of objects, and of alerts by class.
    bundle : int
    """
    (output / WORK).mkdir(exist_ok=True)
    work = Path(mkdtemp(prefix=f"{bundle:05d}-", dir=output / WORK))
    try:
        made = _Bundle(plan, work, bundle).write()
        mark = work / f"{bundle:05d}.json"
        mark.write_text(json.dumps(made, sort_keys=True) + "\n")
        for path in sorted(path for path in work.rglob("*") if path.is_file() and path != mark):
            _move(path, output / path.relative_to(work))
        _move(mark, output / DONE / mark.name)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)


class _Bundle:
    """Writes one bundle into a directory of its own."""

    def __init__(self, plan: Plan, work: Path, bundle: int) -> None:
        self._plan, self._work, self._number = plan, work, bundle
        self._nights: Nights = NIGHTS[plan.survey]
        self._survey = plan.observing
        self._head = self._nights.maker.container([])[:-_EMPTY_BLOCK]
        for name in (TRUTH_OF_OBJECTS, TRUTH_OF_ALERTS):
            (work / name).mkdir(parents=True)

    def write(self) -> dict[str, object]:
        """Write all; the mark's content."""
        objects, alerts = 0, Counter[str]()
        name = f"{self._number:05d}.parquet"
        with (
            pq.ParquetWriter(self._work / TRUTH_OF_OBJECTS / name, OBJECTS_SCHEMA, compression="zstd") as of_objects,
            pq.ParquetWriter(self._work / TRUTH_OF_ALERTS / name, TRUTH_SCHEMA, compression="zstd") as of_alerts,
        ):
            for block in self._plan.blocks(self._number):
                curves = self._curves(block)
                within = of_visits(curves, curves.epochs.mjd >= self._plan.first)
                of_objects.write_table(truth_table(within, self._survey))
                objects += block.n
                for made in self._parts(curves):
                    alerts[block.name] += len(made)
                    of_alerts.write_table(pa.Table.from_pylist([one.truth for one in made], schema=TRUTH_SCHEMA))
        return {"objects": objects, "alerts": dict(alerts)}

    def _curves(self, block: Block) -> LightCurves:
        """From the survey's start, so that histories and counts are whole."""
        kind = CLASSES[block.place]
        start = self._plan.first if kind.once else self._survey.start
        return measure(populate(block, kind, self._plan.reach(kind)), self._survey, start, self._plan.last)

    def _parts(self, curves: LightCurves) -> Iterator[list[Made]]:
        visits = self._alerting(curves)
        for part, some in enumerate(parts(visits, curves.epochs.object[visits])):
            made = list(self._nights.alerts(curves, some, part, self._plan))
            self._append(made)
            yield made

    def _alerting(self, curves: LightCurves) -> Ints:
        loud = np.abs(curves.flux) >= TRIGGER * curves.flux_err
        return np.flatnonzero(curves.detected & loud & (curves.epochs.mjd >= self._plan.first))

    def _append(self, made: list[Made]) -> None:
        """Add alerts to their nights' containers, a block each."""
        ordered = sorted(made, key=lambda one: (one.time, one.alert_id))
        for date, alerts in groupby(ordered, lambda one: self._nights.date(one.time)):
            path = self._work / f"{date}" / f"simulated_{date}_{self._number:05d}.avro"
            path.parent.mkdir(exist_ok=True)
            data = [one.data for one in alerts]
            with path.open("ab") as file:
                file.write(b"" if file.tell() else self._head)
                file.write(self._nights.maker.container(data)[len(self._head) :])
