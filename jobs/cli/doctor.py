"""`strix doctor`: check everything that a job needs."""

from jobs.cli.console import Console, complain, say, styled
from jobs.cli.frame import Options, verb
from jobs.common.java import EnvironmentProblem, find_java
from jobs.config import add_options, load, overrides
from jobs.launcher.doctor import examine
from jobs.spark.class_archive import make_archive

_STYLE = {"ok": "green", "note": "yellow", "wrong": "red"}


def _archive() -> int:
    try:
        path = make_archive(find_java()[0])
    except (EnvironmentProblem, OSError) as problem:
        complain(f"strix doctor: {problem}")
        return 3
    say(f"{path}: {path.stat().st_size / 1e6:.0f} MB")
    return 0


@verb("strix doctor")
def main(arguments: list[str]) -> int:
    """Print each finding as it comes; 0 if nothing is wrong, 3 otherwise.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix doctor`.
    """
    parser = Options(
        prog="strix doctor", description="Check Python, Java, libraries, modules, weights, schemas, output and Spark."
    )
    parser.add_argument("--no-spark", action="store_true", help="do not start Spark (faster)")
    parser.add_argument(
        "--archive", action="store_true", help="archive the classes of Spark's JVM, once: jobs start 3 s sooner"
    )
    add_options(parser)
    given = parser.parse_args(arguments)
    config = load(given.config, overrides(given))
    if given.archive:
        return _archive()
    console = Console()
    wrong = 0
    for finding in examine(config, spark=not given.no_spark):
        wrong += finding.state == "wrong"
        mark = styled(f"{finding.state:<5}", _STYLE[finding.state])
        console.print(mark, f"{finding.what}: {finding.told}", soft_wrap=True)
    return 3 if wrong else 0
