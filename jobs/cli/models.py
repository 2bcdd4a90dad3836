"""`strix models list | add NAME --from PATH|URL`: published weights, verified and made ready for scoring."""

import argparse
from pathlib import Path

from rich.table import Table

from jobs.cli.console import say, table_console
from jobs.cli.frame import OK, Options, verb
from jobs.common.local_paths import local_path
from jobs.modules import weights as models
from science_modules import registry


@verb("strix models")
def main(arguments: list[str]) -> int:
    """Run the verb; 0 if done, 2 for an unknown module, 3 if the weights cannot be had.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix models`.
    """
    given = _parser().parse_args(arguments)
    if given.action == "list":
        _list(given.models)
    else:
        _add(given.name, given.source, given.models)
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = Options(prog="strix models", description="Trained artefacts of science modules.")
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="what every module needs and whether it is there")
    add = actions.add_parser("add", help="verify published weights and convert them for scoring")
    add.add_argument("name", help="module, e.g. acai")
    add.add_argument(
        "--from", dest="source", help="folder or URL of the published files; default: as the module declares"
    )
    for each in (listing, add):
        each.add_argument(
            "--models", type=local_path, help="directory of artefacts (default: $STRIX_MODELS, else models)"
        )
    return parser


def _list(directory: Path | None) -> None:
    table = Table("module", "artefact", "state", "licence", "published at")
    for name in registry.names():
        module = registry.get(name)
        lacking = {each.name for each in models.missing(module, directory)}
        for artefact in module.artefacts:
            state = "missing" if artefact.name in lacking else "here"
            table.add_row(name, artefact.name, state, artefact.licence, artefact.source)
    table_console().print(table)


def _add(name: str, source: str | None, directory: Path | None) -> None:
    module = registry.get(name)
    if not any(each.original for each in module.artefacts):
        say(f"{name} needs no weights from elsewhere")
        return
    for path in models.add(module, source, directory):
        say(f"{path}")
