"""The daemon that workers are forked from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

WARMED = """
import sys, threading
from jobs.spark import worker_daemon
worker_daemon.warm()
assert threading.active_count() == 1, threading.enumerate()
assert {"onnxruntime", "jobs.pipeline.batch.stage", "pyspark.worker"} <= set(sys.modules)
from science_modules.common.networks import Network
import gc
assert not [each for each in gc.get_objects() if isinstance(each, Network)], "a network before the fork"
"""

FORKED = """
import os
from jobs.spark import worker_daemon
worker_daemon.warm()
child = os.fork()
if child == 0:
    import pyarrow as pa
    from jobs.pipeline.decode.compiled import DatumDecoder, parse
    root = parse({"type": "record", "name": "r", "fields": [{"name": "x", "type": "int"}]})
    array, refused = DatumDecoder(root, pa.struct([("x", pa.int32())])).decode([b"\\x02", b"\\x04"])
    os._exit(0 if array.field("x").to_pylist() == [1, 2] and not refused else 1)
print(os.waitpid(child, 0)[1])
"""


def run(code: str, **variables: str) -> str:
    """What a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_warming_loads_what_workers_need_and_says_nothing_where_the_port_is_told() -> None:
    assert run(WARMED) == ""


def test_what_is_forked_behind_it_decodes() -> None:
    assert run(FORKED).split() == ["0"]


def test_a_machine_without_a_writable_cache_warms_and_decodes_all_the_same(tmp_path: Path) -> None:
    """Where compiled code could be kept stands a file, in each of the places."""
    blocked, package = tmp_path / "file", tmp_path / "package"
    blocked.write_text("")
    for name in ("jobs", "science_modules"):
        shutil.copytree(ROOT / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "jobs" / "pipeline" / "decode" / "compiled" / "__pycache__").write_text("")
    folders = dict.fromkeys(("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"), str(blocked))
    assert run(FORKED, PYTHONPATH=str(package), **folders).split() == ["0"]
    assert not list(tmp_path.rglob("avro-*"))
