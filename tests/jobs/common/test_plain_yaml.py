"""Plain YAML: what grows, what is lost and what is no YAML is refused, in time and memory that its size bounds."""

import time
import tracemalloc
from pathlib import Path

import pytest

from jobs.common.plain_yaml import NotPlain, plain_yaml, read_plain_yaml
from jobs.config import ConfigError, load

LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


def test_a_job_file_that_grows_a_billion_times_is_refused_at_its_first_alias(tmp_path: Path) -> None:
    (tmp_path / "bomb.yaml").write_text(LAUGHS + "output: *a11\n")
    tracemalloc.start()
    with pytest.raises(ConfigError, match=r"bomb\.yaml is not plain YAML: line 2: aliases \(\*name\) are not allowed"):
        load(tmp_path / "bomb.yaml")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_many_keys_are_compared_in_time_that_grows_with_their_number() -> None:
    started = time.process_time()
    content = plain_yaml(b"".join(b"k%d: 1\n" % number for number in range(20_000)))
    assert len(content) == 20_000
    assert time.process_time() - started < 30


def test_a_file_is_read_up_to_its_limit_and_no_further(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_bytes(b"# " + b"x" * 98)
    assert read_plain_yaml(tmp_path / "long.yaml", 100) is None
    with pytest.raises(NotPlain, match="more than 99 bytes"):
        read_plain_yaml(tmp_path / "long.yaml", 99)


def test_the_line_of_what_is_wrong_is_told() -> None:
    with pytest.raises(NotPlain, match="line 3: keys that stand twice: a"):
        plain_yaml(b"# one\n\na: 1\na: 2\n")
    with pytest.raises(NotPlain, match="line 3: expected the node content"):
        plain_yaml(b"a: 1\nb: [\n")
