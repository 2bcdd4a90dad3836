"""DuckDB as an independent reader, in a process of its own: at the end of a long one it reports hundreds of leaks."""

import pickle
import subprocess
import sys
from typing import Any

QUERY = """
import pickle, sys
import duckdb
answers = [duckdb.sql(query).fetchall() for query in pickle.load(sys.stdin.buffer)]
sys.stdout.buffer.write(pickle.dumps(answers))
"""


def rows(*queries: str) -> list[list[tuple[Any, ...]]]:
    """The rows of each query."""
    done = subprocess.run([sys.executable, "-c", QUERY], input=pickle.dumps(queries), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    answers: list[list[tuple[Any, ...]]] = pickle.loads(done.stdout)
    return answers
