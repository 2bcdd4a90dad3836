"""How much one message may claim before it is refused."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds on what one message may cost; beyond them it is refused as too_large.

    The largest real packet seen (LSST 10.0, 1,172 previous sources) has 0.6 MB and 131,508 values; real containers have
    blocks of up to 5 MB.

    Parameters
    ----------
    max_packet_bytes : int
        Bytes of one datum.
    max_inflated_bytes : int
        Bytes that one packed block may inflate to.
    free_bytes, max_ratio : int
        It may inflate to `free_bytes` and `max_ratio` times its own size, so that a stream of small bombs costs what it
        weighs. Real blocks inflate to less than ten times their size.
    free_records, min_stored_bytes : int
        Bytes that a record takes in a container, packed or not, where a block has more than `free_records`: each costs
        a row of more than a kilobyte if it is refused. Real alerts take hundreds.
    max_container_bytes : int
        Bytes that all blocks of one container may inflate to together, or four times the container's own size if
        that is more.
    max_values : int
        Values in the arrays and maps of one datum, nulls included: a null costs one byte in Avro and a hundred in a
        Python dict.
    max_records : int
        Records that one container may announce.
    max_schema_bytes : int
        Bytes of a writer schema (JSON); real ones have up to 41 kB.
    """

    max_packet_bytes: int = 64 * MIB
    max_inflated_bytes: int = 64 * MIB
    free_bytes: int = MIB
    max_ratio: int = 256
    free_records: int = 4
    min_stored_bytes: int = 8
    max_container_bytes: int = 512 * MIB
    max_values: int = 1_000_000
    max_records: int = 1_000_000
    max_schema_bytes: int = MIB // 2

    def inflated(self, size: int) -> int:
        """Bytes that a packed block of this size may inflate to.

        Parameters
        ----------
        size : int
            Of the block as stored [bytes].
        """
        return min(self.max_inflated_bytes, self.free_bytes + self.max_ratio * size)


DEFAULT = Limits()
