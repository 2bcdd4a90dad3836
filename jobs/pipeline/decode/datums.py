"""The datums of one writer schema to Arrow: compiled code walks all, and decodes what it can; fastavro the rest."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa

from jobs.pipeline.decode.by_fastavro import FastavroReader
from jobs.pipeline.decode.compiled import DatumDecoder, RowFault
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.limits import Limits
from jobs.pipeline.decode.unreadable import only_faults
from jobs.pipeline.decode.writer_schema import WriterSchema


class Datums:
    """Splits and decodes datums of one writer schema.

    Parameters
    ----------
    writer : WriterSchema
        Of all datums.
    limits : Limits
        Of these `max_packet_bytes` and `max_values`.
    fast : bool
        Whether compiled code makes the packets where it can; the answers are the same.
    """

    def __init__(self, writer: WriterSchema, limits: Limits, fast: bool = True) -> None:
        self._writer = writer
        self._largest = limits.max_packet_bytes
        self._most_values = limits.max_values
        self._fast = fast
        self._walker = DatumDecoder(writer.root, None, limits.max_values)
        self.decoder = lru_cache(maxsize=8)(self._decoder)

    def split(self, block: bytes, count: int) -> tuple[Sequence[int], Fault | None]:
        """Where `count` datums that stand one behind the other begin and end.

        Parameters
        ----------
        block : bytes
            Uncompressed.
        count : int
            As the block announces it.

        Returns
        -------
        bounds : list of int, length count + 1
            Datum i is block[bounds[i]:bounds[i + 1]]; shorter if a datum cannot be walked.
        fault : Fault or None
            What is wrong with the first datum that cannot be walked; its byte counts from the datum's start.
        """
        bounds, fault = self._walker.split(block, count)
        return bounds.tolist(), fault

    def decode(self, datums: Sequence[bytes], target: pa.StructType) -> tuple[pa.StructArray, list[RowFault]]:
        """The datums as packets.

        Parameters
        ----------
        datums : sequence of bytes, length n
            As `split` finds them.
        target : pyarrow.StructType
            What to take, by name; what the writer lacks is NULL. For conversions see `conversion`.

        Returns
        -------
        packets : pyarrow.StructArray, length n
            NULL where a datum is refused.
        faults : list of RowFault
            truncated, bad_datum, trailing_bytes or too_large; ascending in row.
        """
        large = {row: self._too_large(datum) for row, datum in enumerate(datums) if len(datum) > self._largest}
        if large:  # a datum of no bytes is refused in its place: no record is empty
            datums = [b"" if row in large else datum for row, datum in enumerate(datums)]
        decoder = self.decoder(target) if self._fast else None
        packets, faults = decoder.decode(datums) if decoder else self._by_fastavro(datums, target)
        return packets, [RowFault(each.row, large.get(each.row, each.fault)) for each in faults]

    def _by_fastavro(self, datums: Sequence[bytes], target: pa.StructType) -> tuple[pa.StructArray, list[RowFault]]:
        """Those that pass the walk; fastavro takes what it should not, and believes every length."""
        broken = {each.row: each.fault for each in self._walker.check(datums)}
        sound = [row for row in range(len(datums)) if row not in broken]
        read, faults = FastavroReader(self._writer.root, target).read([datums[row] for row in sound])
        broken |= {sound[each.row]: each.fault for each in faults}
        places = np.full(len(datums), -1)
        places[sound] = np.arange(len(sound))
        packets = read.take(pa.array(places, mask=places < 0))
        return packets, [RowFault(row, broken[row]) for row in sorted(broken)]

    def _too_large(self, datum: bytes) -> Fault:
        return Fault("too_large", f"wants at most {self._largest} bytes, found {len(datum)}")

    def _decoder(self, target: pa.StructType) -> DatumDecoder | None:
        """Compiled code for a target; None where the schema is beyond it, or does to a compiler what nobody foresaw."""
        try:
            with only_faults():
                return DatumDecoder(self._writer.root, target, self._most_values)
        except Fault:
            return None
