"""The hash of a measurement tells bands apart that only some surveys have, and is the same in every process."""

import pyarrow as pa

from jobs.packets.content import content_hash

COLUMNS = {"mjd": 60000.0, "ra": 1.0, "dec": 2.0, "flux": 3.0, "flux_err": 0.5}


def test_letters_beyond_u_to_y_count_too() -> None:
    bands = ["u", "g", "r", "i", "z", "y", "c", "o", "co", None]
    table = pa.table({**{name: [value] * len(bands) for name, value in COLUMNS.items()}, "band": bands})
    hashes = content_hash(table).tolist()
    assert len(set(hashes)) == len(bands)
    assert content_hash(table.slice(6, 2)).tolist() == hashes[6:8]
