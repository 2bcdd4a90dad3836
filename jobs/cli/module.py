"""`strix module list | show NAME | new NAME`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.markdown import Markdown
from rich.table import Table

from jobs import models
from jobs.cli.console import Console, complain, say, styled
from jobs.scaffold import ScaffoldError, new_module
from science_modules import registry
from science_modules.common.contract import ScienceModule


def main(arguments: list[str]) -> int:
    """Run the verb; 0 if done, 2 if it cannot be."""
    given = _parser().parse_args(arguments)
    try:
        if given.action == "list":
            _list()
        elif given.action == "show":
            _show(registry.get(given.name))
        else:
            _new(given.name, given.directory)
    except (registry.UnknownModule, registry.ResolveError, ScaffoldError) as error:
        complain(f"strix module: {error}")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="strix module", description="Science modules: what there is, and a new one.")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="all modules, those of $STRIX_MODULE_PATH included")
    show = actions.add_parser("show", help="what a module reads and gives, its artefacts and its model card")
    show.add_argument("name")
    new = actions.add_parser("new", help="write a module's folder that passes the contract suite as it is")
    new.add_argument("name", help="lower-case letters, digits, underscores")
    new.add_argument(
        "--directory", type=Path, help="where; default: science_modules in this checkout (see $STRIX_MODULE_PATH)"
    )
    return parser


def _list() -> None:
    table = Table("module", "version", "surveys", "reads", "gives", "artefacts")
    for name in registry.names():
        module = registry.get(name)
        gives = _beginning([output.name for output in module.outputs])
        surveys = " ".join(module.surveys)
        table.add_row(name, module.version, surveys, _beginning(module.inputs), gives, _artefact_state(module))
    Console().print(table)


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
    console.print(f"surveys: {', '.join(module.surveys)}")
    console.print(f"reads: {', '.join(module.inputs + module.optional_inputs)}")
    table = Table("output", "type", "unit", "meaning")
    for output in module.outputs:
        table.add_row(f"{module.name}.{output.name}", output.type, output.unit, output.description)
    console.print(table)
    for artefact in module.artefacts:
        console.print(f"artefact {artefact.name}: {artefact.licence}, {artefact.source}")
        console.print(f"  sha256 {artefact.sha256}")
    card = registry.folders()[module.name] / "README.md"
    if card.is_file():
        console.print(Markdown(card.read_text(encoding="utf-8")))


def _new(name: str, directory: Path | None) -> None:
    folder = new_module(name, directory or Path(registry.__file__).parent)
    say(
        f"wrote {folder}: __init__.py (the module), README.md (its card), golden.json (its expected values)\n"
        f"next: python -m science_modules.suite {name}\n"
        f"then: strix night --modules {name} ..."
    )
    if directory is not None:
        say(f"Strix finds it with STRIX_MODULE_PATH={directory}")
