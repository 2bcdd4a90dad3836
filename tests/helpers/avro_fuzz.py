"""Random and mutated datums through the decoder, every answer compared with fastavro."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from avro_guard import guarded, guarded_memory
from avro_oracle import STRICTER, Oracle, decoder_of, plain, same, whole
from avro_random import RandomDatum, RandomSchema, mutated, random_projection

from jobs.pipeline.decode.compiled import Fault, layout, parse

# What fastavro raises at bytes that are no datum.
NO_DATUM = (EOFError, IndexError, UnicodeDecodeError, OverflowError, ValueError, MemoryError, RecursionError)


class Disagreement(AssertionError):
    """The decoder and fastavro do not agree on a datum."""


class Fuzz:
    """Compares a decoder of one schema with fastavro, and counts.

    Parameters
    ----------
    schema : dict
    wanted : pyarrow.StructType
    guard : bool
        Whether datums and columns lie in front of forbidden pages.
    """

    def __init__(self, schema: Any, wanted: pa.StructType, guard: bool) -> None:
        self.decoder, self.oracle, self.guard = decoder_of(schema, wanted), Oracle(schema, wanted), guard
        self.tally: Counter[str] = Counter()

    def decode(self, datums: Sequence[bytes]) -> tuple[list[Any], dict[int, Fault]]:
        if self.guard:
            layout.memory = guarded_memory
            array, faults = self.decoder.decode([guarded(datum) for datum in datums])
        else:
            array, faults = self.decoder.decode(datums)
        array.validate(full=True)
        return array.to_pylist(), {each.row: each.fault for each in faults}

    def compare(self, datums: Sequence[bytes]) -> None:
        """Decode datums as one batch and compare each.

        Raises
        ------
        Disagreement
            If one is accepted and fastavro reads another value, or refused for no reason known to be stricter.
        """
        values, faults = self.decode(datums)
        for row, datum in enumerate(datums):
            if row in faults:
                self.compare_refused(datum, faults[row], values[row])
            else:
                self.compare_accepted(datum, values[row])

    def compare_accepted(self, datum: bytes, value: Any) -> None:
        self.tally["accepted"] += 1
        theirs, size = self.oracle.read(datum)
        if size != len(datum) or not same(plain(value), theirs):
            raise Disagreement(f"of {size} bytes: {value} is not {theirs}: {datum!r}")

    def compare_refused(self, datum: bytes, fault: Fault, value: Any) -> None:
        self.tally[fault.reason] += 1
        if value is not None or not 0 <= (fault.byte or 0) <= len(datum):
            raise Disagreement(f"{fault.told} but {value}: {datum!r}")
        try:
            theirs, size = self.oracle.read(datum)
        except NO_DATUM:
            return
        self.tally["stricter"] += 1
        if size == len(datum) and not any(text in fault.message for text in STRICTER):
            raise Disagreement(f"{fault.told} but fastavro reads {theirs}: {datum!r}")


def fuzz_random_schema(seed: int, n_intact: int, n_mutated: int, guard: bool) -> Counter[str]:
    """One random schema and projection; intact datums must all be accepted."""
    rng = random.Random(seed)
    made = RandomSchema(rng, wild=rng.random() < 0.5)
    wanted = made.arrow if rng.random() < 0.4 else random_projection(rng, made.arrow)
    fuzz = Fuzz(made.schema, wanted, guard)
    writer = RandomDatum(rng, made.names)
    datums = [writer.write(made.schema) for _ in range(n_intact)]
    fuzz.compare(datums)
    if fuzz.tally["accepted"] < n_intact:
        raise Disagreement(f"seed {seed}: an intact datum is refused: {fuzz.tally}")
    intact = Counter(intact=n_intact)
    if n_mutated:
        fuzz.compare([mutated(rng, rng.choice(datums), rng.choice(datums)) for _ in range(n_mutated)])
    return fuzz.tally + intact


def fuzz_packets(schema: Any, datums: Sequence[bytes], seed: int, n_mutated: int, guard: bool) -> Counter[str]:
    """Mutations of real packets."""
    rng = random.Random(seed)
    fuzz = Fuzz(schema, whole(parse(schema)), guard)
    fuzz.compare([mutated(rng, rng.choice(datums), rng.choice(datums)) for _ in range(n_mutated)])
    return fuzz.tally
