"""`strix doctor`: check everything that a job needs."""

import argparse
import sys

from rich.console import Console

from jobs.config import ConfigError, add_options, load, overrides
from jobs.doctor import examine

_MARK = {"ok": "[green]ok   [/green]", "note": "[yellow]note [/yellow]", "wrong": "[red]wrong[/red]"}


def main(arguments: list[str]) -> int:
    """Print each finding as it comes; 0 if nothing is wrong, 3 otherwise."""
    parser = argparse.ArgumentParser(
        prog="strix doctor", description="Check Python, Java, libraries, modules, weights, schemas, output and Spark."
    )
    parser.add_argument("--no-spark", action="store_true", help="do not start Spark (faster)")
    add_options(parser)
    given = parser.parse_args(arguments)
    try:
        config = load(given.config, overrides(given))
    except ConfigError as error:
        sys.stderr.write(f"strix doctor: {error}\n")
        return 2
    console = Console()
    wrong = 0
    for finding in examine(config, spark=not given.no_spark):
        wrong += finding.state == "wrong"
        console.print(f"{_MARK[finding.state]} {finding.what}: {finding.told}", highlight=False, soft_wrap=True)
    return 3 if wrong else 0
