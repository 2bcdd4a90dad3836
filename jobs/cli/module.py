"""`strix module list | show NAME | new NAME`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.markdown import Markdown
from rich.table import Table

from jobs.cli.console import Console, say, styled, table_console
from jobs.cli.frame import OK, Options, verb
from jobs.cli.module_path import listed
from jobs.common.local_paths import local_path
from jobs.common.search_path import MODULE_PATH, make_if_named
from jobs.common.typed_names import names_in
from jobs.modules import weights as models
from jobs.modules.scaffold import ScaffoldError, new_module
from jobs.modules.scaffold_model import Wish, new_module_of_model
from science_modules import registry
from science_modules.common.contract import ScienceModule


@verb("strix module")
def main(arguments: list[str]) -> int:
    """Run the verb; 0 if done, 2 if it cannot be.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix module`.
    """
    given = _parser().parse_args(arguments)
    if given.action == "list":
        with listed():
            _list()
    elif given.action == "show":
        _show(registry.get(given.name))
    else:
        _new(given)
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = Options(prog="strix module", description="Science modules: what there is, and a new one.")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="all modules, those of $STRIX_MODULE_PATH included")
    show = actions.add_parser("show", help="what a module reads and gives, its artefacts and its model card")
    show.add_argument("name")
    new = actions.add_parser("new", help="write a module's folder that passes the contract suite as it is")
    new.add_argument("name", help="lower-case letters, digits, underscores")
    new.add_argument(
        "--directory", type=local_path, help="where; default: science_modules in this checkout (see $STRIX_MODULE_PATH)"
    )
    new.add_argument("--from", dest="model", type=local_path, help="an ONNX model to build it around (docs/modules.md)")
    new.add_argument(
        "--features", help="the model's features in its order, with commas: flux,candidate.rb,lc_features.skew_r"
    )
    new.add_argument("--classes", default="", help="names of the model's values; default: those that it knows")
    new.add_argument("--surveys", default="ztf", help="whose alerts it is for (default: ztf)")
    new.add_argument("--allow-missing", action="store_true", help="the model takes NaN where a feature is NULL")
    return parser


def _list() -> None:
    table = Table("module", "version", "surveys", "reads", "gives", "artefacts")
    for name in registry.names():
        module = registry.get(name)
        gives = _beginning([output.name for output in module.outputs])
        surveys = " ".join(module.surveys) or "every"
        table.add_row(name, module.version, surveys, _beginning(module.inputs), gives, _artefact_state(module))
    table_console().print(table)


def _beginning(names: Sequence[str], count: int = 4) -> str:
    return ", ".join(names[:count]) + (f", ... {len(names)} in all" if len(names) > count else "")


def _artefact_state(module: ScienceModule) -> str:
    if not module.artefacts:
        return "none needed"
    lacking = models.missing(module)
    if lacking:
        return f"missing: {', '.join(each.name for each in lacking)}; strix models add {module.name} --from PATH|URL"
    return f"{len(module.artefacts)}, all here"


def _show(module: ScienceModule) -> None:
    console = Console()
    console.print(styled(module.name, "bold"), f"{module.version}   {module.source}")
    console.print(f"surveys: {', '.join(module.surveys) or 'every'}")
    console.print(f"reads: {', '.join(module.inputs + module.optional_inputs)}")
    table = Table("output", "type", "unit", "meaning")
    for output in module.outputs:
        table.add_row(f"{module.name}.{output.name}", output.type, output.unit, output.description)
    console.print(table)
    for option in module.options:
        told = f"option {module.name}.{option.name}: {option.in_words()}, {option.default:g} by default; {option.help}"
        console.print(told, soft_wrap=True)
    for artefact in module.artefacts:
        console.print(f"artefact {artefact.name}: {artefact.licence}, {artefact.source}")
        console.print(f"  sha256 {artefact.sha256}")
    card = registry.folder_of(module.name) / "README.md"
    if card.is_file():
        console.print(Markdown(card.read_text(encoding="utf-8")))


def _new(given: argparse.Namespace) -> None:
    directory = given.directory or Path(registry.__file__).parent
    make_if_named(MODULE_PATH, directory)
    if bool(given.model) != bool(given.features):
        raise ScaffoldError("--from and --features go together: the model, and what its columns are")
    if given.model:
        wish = Wish(names_in(given.features), names_in(given.classes), names_in(given.surveys), given.allow_missing)
        folder = new_module_of_model(given.name, directory, given.model, wish)
        what = "__init__.py (the module), model.onnx, README.md (its card, to be filled in), golden.json (its expected values)"
    else:
        folder = new_module(given.name, directory)
        what = "__init__.py (the module), README.md (its card), golden.json (its expected values)"
    path = f"STRIX_MODULE_PATH={directory.resolve()} " if given.directory else ""
    say(
        f"wrote {folder}: {what}\n"
        f"next: {path}python -m science_modules.suite {given.name}\n"
        f"then: {path}strix night --modules {given.name} ..."
    )
