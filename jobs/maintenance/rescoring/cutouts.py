"""The cutouts of alerts that are committed: from the cutouts table, or from the packets in the raw table."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.maintenance.rescoring.inputs import STAMP_COLUMNS
from jobs.maintenance.rescoring.windows import KEYS, Stamps
from jobs.packets.messages import Message
from jobs.pipeline.decode.decoder import Decoder
from jobs.storage.repeated_text import texts_of
from science_modules.common.view import CUTOUTS

_STAMPS = pa.schema([column.field for column in CUTOUTS])


class StampReader:
    """Cutouts by their place, a row group in hand at a time.

    Parameters
    ----------
    now_mjd : float
        MJD TAI; no packet that is committed is from after it.
    """

    def __init__(self, files: Sequence[Stamps], decoder: Decoder, now_mjd: float) -> None:
        self.files = files
        self.decoder = decoder
        self.now_mjd = now_mjd
        self._held: tuple[tuple[int, int], pa.Table] | None = None

    def take(self, plan: pa.Table) -> pa.Table:
        """The three cutouts of rows that a plan names; NULL for those that have none.

        Parameters
        ----------
        plan : pyarrow.Table
            Columns stamps, stamps_group, stamps_row, as of PLAN; in it all rows have cutouts, or none.
        """
        if plan["stamps"][0].as_py() < 0:
            return pa.table([pa.nulls(plan.num_rows, field.type) for field in _STAMPS], schema=_STAMPS)
        files, groups, rows = (plan[name].to_numpy() for name in ("stamps", "stamps_group", "stamps_row"))
        cuts = np.flatnonzero(np.diff(files) | np.diff(groups)) + 1
        tables = [
            self._rows(int(files[part[0]]), int(groups[part[0]]), pa.array(rows[part]))
            for part in np.split(np.arange(plan.num_rows), cuts)
        ]
        return pa.concat_tables(tables).combine_chunks()

    def _rows(self, number: int, group: int, rows: pa.Array) -> pa.Table:
        source = self.files[number]
        if self._held is None or self._held[0] != (number, group):
            columns = STAMP_COLUMNS if source.table == "cutouts" else [*KEYS, "schema", "value"]
            with pq.ParquetFile(source.path) as file:
                self._held = (number, group), file.read_row_group(group, columns=columns)
        held = self._held[1].take(rows)
        return held.cast(_STAMPS) if source.table == "cutouts" else self._decoded(held)

    def _decoded(self, packets: pa.Table) -> pa.Table:
        """Cutouts of packets, in their order."""
        values = zip(packets["value"].to_pylist(), texts_of(packets["schema"]), strict=True)
        decoded = self.decoder.decode([Message(value, schema) for value, schema in values])
        if decoded.refused:
            told = decoded.refused[0].refusal.message
            raise ValueError(f"{len(decoded.refused)} raw packets that were read once cannot be read now: {told}")
        viewed = [group.survey.view(group.packets, group.versions, self.now_mjd).table for group in decoded.groups]
        found = pa.concat_tables([each.select([*KEYS, *STAMP_COLUMNS]) for each in viewed])
        first = pc.index_in(_key(packets), value_set=_key(found))
        return found.select(STAMP_COLUMNS).take(first).cast(_STAMPS)


def _key(table: pa.Table) -> pa.Array:
    """An alert's survey and id as one text."""
    parts = [table["survey"].cast(pa.string()), table["alert_id"].cast(pa.string())]
    return pc.binary_join_element_wise(*parts, ":").combine_chunks()
