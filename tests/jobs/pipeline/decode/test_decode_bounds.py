"""What claims gigabytes costs neither the memory nor the time for them."""

import json
import subprocess
import sys
from pathlib import Path

from decode_samples import SCHEMA, alert, block, datum, deflated, header, zigzag

ROOM = 700 << 20  # for what the import itself maps beyond what it had, and what the decoder needs

CHILD = """
import resource, sys
import decode_samples
from jobs.packets.messages import Message
from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.decode.compiled import warm_up
from jobs.pipeline.decode.container import count_datums

warm_up()  # the compiler maps more than the decoder needs
decoder = Decoder([decode_samples.survey()], None)
good = decode_samples.header() + decode_samples.block(decode_samples.datum(decode_samples.alert(1)), 1)
decoder.decode([Message(good, None)])  # so does what is imported only now
with open("/proc/self/statm") as statm:
    mapped = int(statm.read().split()[0]) * resource.getpagesize()
limit = mapped + int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
for path in sys.argv[2:]:
    with open(path, "rb") as file:
        decoded = decoder.decode([Message(file.read(), None)])
    assert count_datums(path) == len(decoded.values) + len(decoded.refused), path
    print(" ".join(sorted({each.refusal.reason for each in decoded.refused})))
"""

START = datum(alert(1, previous=0))[:-1] + b"\x02"  # up to the items of prv_candidates


def run(tmp_path: Path, *values: bytes, room: int = ROOM) -> list[str]:
    """The reasons per value, decoded in a process that may map `room` bytes more than at its start."""
    paths = [tmp_path / f"{number}.avro" for number in range(len(values))]
    for path, value in zip(paths, values, strict=True):
        path.write_bytes(value)
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(room), *map(str, paths)],
        env={"PYTHONPATH": f"{root}:{root / 'tests' / 'helpers'}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_claims_of_gigabytes_are_refused_in_bounded_memory(tmp_path: Path) -> None:
    large, room = deflated(bytes(256 << 20)), deflated(bytes(63 << 20))
    deflate = header(codec=b"deflate")
    claims = {
        "a string of 2 GiB": (header() + block(zigzag(1 << 31) + bytes(99), 1), "truncated"),
        "2^40 items": (header() + block(START + zigzag(1 << 40) + bytes(99), 1), "too_large"),
        "2^62 items": (header() + block(START + zigzag(1 << 62) + bytes(99), 1), "too_large"),
        "a block of 2 GiB": (header() + zigzag(1) + zigzag(1 << 31) + bytes(99), "truncated"),
        "2^40 records": (header() + block(bytes(99), 1 << 40), "too_large"),
        "256 MiB in a block": (deflate + block(large, 1), "too_large"),
        "256 MiB in a block of a million records": (deflate + block(large, 10**6), "too_large"),
        "256 MiB in a block of no records": (deflate + block(large, 0), "trailing_bytes"),
        "50 x 63 MiB": (deflate + block(room, 1) * 50, "too_large"),
        "a header of 2 GiB": (b"Obj\x01" + zigzag(2) + zigzag(1 << 31) + bytes(99), "too_large"),
        "a hundred thousand empty blocks": (header() + block(b"", 0) * 100_000, ""),
    }
    found = run(tmp_path, *(value for value, _ in claims.values()))
    for (name, (_, reason)), reasons in zip(claims.items(), found, strict=True):
        assert reason in reasons.split(" "), name


def test_sixty_megabytes_of_nulls_are_refused_before_they_are_objects(tmp_path: Path) -> None:
    item = {"type": "record", "name": "n", "fields": [{"name": f"f{i}", "type": ["null", "int"]} for i in range(60)]}
    fields = [*SCHEMA["fields"], {"name": "x", "type": {"type": "array", "items": item}}]
    text = json.dumps({**SCHEMA, "fields": fields})
    payload = datum(alert(1)) + zigzag(10**6) + bytes(60 * 10**6) + b"\x00"
    assert run(tmp_path, header(text) + block(payload, 1), room=400 << 20) == ["too_large"]
