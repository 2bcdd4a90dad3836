"""One place turns what stops a verb into a message and an exit code."""

import importlib
import pkgutil

import pytest

import jobs
import science_modules
from jobs.cli.frame import CODES, FAILED, USAGE, Options, UsageError, code_of, exit_code, verb
from jobs.config import ConfigError


def exceptions() -> set[str]:
    """Names of all exceptions of ours."""
    found = set()
    for package in (jobs, science_modules):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(each.name)
            found |= {
                name
                for name, value in vars(module).items()
                if isinstance(value, type) and issubclass(value, BaseException) and value.__module__ == each.name
            }
    return found


def test_every_name_in_the_table_is_an_exception_of_ours() -> None:
    assert {name for names in CODES.values() for name in names} <= exceptions()


def test_a_verb_raises_and_the_frame_says_it_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    @verb("strix export")
    def main(text: str) -> int:
        raise ConfigError(text)

    assert main("no such thing") == USAGE
    assert capsys.readouterr().err == "strix export: no such thing\n"


def test_a_failing_module_and_a_mistake_of_ours_are_told_apart() -> None:
    class TooManyFailures(RuntimeError):
        pass

    def fails() -> int:
        raise TooManyFailures("100 answers failed")

    def broken() -> int:
        raise KeyError("no such key")

    assert exit_code(fails) == FAILED
    assert code_of(KeyError("x")) is None
    with pytest.raises(KeyError, match="no such key"):
        exit_code(broken)


def test_an_error_that_a_dead_jvm_cannot_tell_any_more_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    class Py4JError(Exception):
        def __str__(self) -> str:
            raise ConnectionRefusedError(111, "Connection refused")

    def fails() -> int:
        raise Py4JError

    assert exit_code(fails) == FAILED
    said = capsys.readouterr().err
    assert said.startswith("strix: Spark gave up, the batch in hand is not sealed; start the job again to go on\n")
    assert said.endswith("Py4JError: its message cannot be had any more (ConnectionRefusedError)\n")


def test_a_mistyped_option_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    options = Options(prog="strix x")
    options.add_argument("--modules")
    below = options.add_subparsers().add_parser("list")
    below.add_argument("--night")
    for given, meant in ((["list", "--module-s", "1"], "--modules"), (["list", "--nigth", "1"], "--night")):
        with pytest.raises(SystemExit) as ended:
            options.parse_args(given)
        assert ended.value.code == USAGE
        assert f"unrecognized arguments: {' '.join(given[-2:])} (did you mean {meant}?)" in capsys.readouterr().err
    options.add_argument("--json")
    with pytest.raises(SystemExit):
        options.parse_args(["--n", "5"])
    assert "did you mean" not in capsys.readouterr().err  # two dashes alone are no likeness


@pytest.mark.parametrize("text", ["-01:02:03", "-1d2m3s", "-01:02:03.5 ", "-1e-3", "-1.", "-.5", "-5", "-12:34:56 7"])
def test_what_is_below_zero_is_a_value_without_two_minuses(text: str) -> None:
    options = Options(prog="strix x")
    cone = options.add_subparsers(dest="question").add_parser("cone")
    for name in ("ra", "dec", "radius"):
        cone.add_argument(name)
    cone.add_argument("--near")
    cone.add_argument("-o", "--output")
    given = options.parse_args(["cone", "12:34:56", text, "30", "--near", text, "-oresult.csv"])
    assert (given.ra, given.dec, given.radius, given.near, given.output) == ("12:34:56", text, "30", text, "result.csv")


def test_usage_errors_are_values() -> None:
    assert issubclass(UsageError, ValueError)
