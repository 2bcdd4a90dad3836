"""`strix models list | add [NAME] --from PATH|URL | compare A B`: published weights, and models that `strix train` left."""

import argparse
import os
from pathlib import Path

from rich.table import Table

from jobs.cli.console import say, table_console
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.cli.module_path import listed
from jobs.cli.outputs import add_schemas
from jobs.common.local_paths import local_path
from jobs.common.search_path import MODULE_PATH, make_if_named, named
from jobs.modules import weights as models
from jobs.modules.versions import install, is_training
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
        with listed():
            _list(given.models)
    elif given.action == "compare":
        from jobs.cli.models_compare import compare  # it draws: matplotlib takes a second

        compare(given)
    elif given.source and is_training(given.source):
        _install(Path(given.source), given.into, given.name)
    elif given.name:
        with listed():
            _add(given.name, given.source, given.models)
    else:
        raise UsageError(f"without a module's name, --from is a folder that `strix train` left; it is {given.source}")
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = Options(prog="strix models", description="Trained artefacts of science modules.")
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="what every module needs and whether it is there")
    add = actions.add_parser("add", help="verify published weights and convert them; install a trained model")
    add.add_argument("name", nargs="?", help="module, e.g. acai; a trained model knows its own")
    add.add_argument(
        "--from", dest="source",
        help="folder or URL of the published files (default: as the module declares), or a folder that `strix train` left",
    )  # fmt: skip
    add.add_argument(
        "--into", type=local_path,
        help="directory of modules for a trained model (default: the first of $STRIX_MODULE_PATH, else my_modules)",
    )  # fmt: skip
    comparing = actions.add_parser("compare", help="which of two classifiers is better on the same labelled alerts")
    _add_comparison(comparing)
    for each in (listing, add, comparing):
        each.add_argument(
            "--models", type=local_path, help="directory of artefacts (default: $STRIX_MODELS, else models)"
        )
    return parser


def _add_comparison(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", help="module that tells classes, or NAME@VERSION")
    parser.add_argument("second", help="the other")
    parser.add_argument(
        "--on", required=True, type=local_path, metavar="DIR", help="output (its answers are read), or packets"
    )
    parser.add_argument("--labels", required=True, nargs="+", type=local_path, help="label files (docs/training.md)")
    parser.add_argument("--level", choices=("coarse", "leaf"), default="coarse", help="how fine the classes are")
    add_schemas(parser)
    parser.add_argument("-n", type=int, default=24, help="alerts on the sheet of disagreements")
    parser.add_argument("-o", "--sheet", type=local_path, help="write the alerts on which they disagree as a picture")
    parser.add_argument("--score", metavar="CLASS", help="on the sheet: those whose scores of this class disagree")
    parser.add_argument(
        "--threshold", type=float, default=0.5, help="of --score: one score reaches it, the other does not"
    )


def _list(directory: Path | None) -> None:
    table = Table("module", "version", "artefact", "state", "licence", "published at")
    for name in registry.names():
        module = registry.get(name)
        lacking = {each.name for each in models.missing(module, directory)}
        for artefact in module.artefacts:
            state = "missing" if artefact.name in lacking else "here"
            table.add_row(name, module.version, artefact.name, state, artefact.licence, artefact.source)
    table_console().print(table)


def _install(source: Path, into: Path | None, name: str | None) -> None:
    """As a module of its own beside the one that it was trained for."""
    directories = named(MODULE_PATH)
    chosen = into or (directories[0] if directories else Path("my_modules"))
    make_if_named(MODULE_PATH, chosen)
    folder = install(source, chosen, name)
    module, _, version = folder.name.rpartition("_v")
    say(f"{folder}: {module}@{version.replace('_', '.')}, its column is {folder.name}")
    if folder.parent.resolve() not in [each.resolve() for each in directories]:
        say(f"say where it is: export {MODULE_PATH}={os.pathsep.join(map(str, [*directories, chosen]))}")


def _add(name: str, source: str | None, directory: Path | None) -> None:
    module = registry.get(name)
    if not any(each.original for each in module.artefacts):
        say(f"{name} needs no weights from elsewhere")
        return
    for path in models.add(module, source, directory):
        say(f"{path}")
