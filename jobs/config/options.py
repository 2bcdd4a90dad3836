"""Every key of a configuration as an option of the command line."""

import argparse
import dataclasses
from typing import Any

from jobs.config.job_config import JobConfig, Sections
from jobs.config.keys import kind_of


def add_options(parser: argparse.ArgumentParser, told: type[Sections] = JobConfig) -> None:
    """One option per key, grouped by section, with unit and default in its help, and `--config`.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Of the verb.
    told : type of Sections
        Whose keys they are.
    """
    parser.add_argument("--config", help="YAML file with any of the keys below")
    for title, section in told.kinds().items():
        if not dataclasses.fields(section):  # no sink has a section of its own
            continue
        group = parser.add_argument_group(title, (section.__doc__ or "").strip())
        for each in dataclasses.fields(section):
            _add(group, each)


def _add(group: argparse._ArgumentGroup, each: dataclasses.Field[Any]) -> None:
    default = each.default if each.default is not dataclasses.MISSING else {}
    text = f"{each.metadata['help']} (default: {_show(default)})".replace("%", "%%")
    name, kind = "--" + each.name.replace("_", "-"), kind_of(each)
    if kind == "bool":
        group.add_argument(name, nargs="?", const="true", default=argparse.SUPPRESS, metavar="true|false", help=text)
    elif each.name == "input":
        group.add_argument(name, nargs="+", default=argparse.SUPPRESS, help=text)
    elif kind.startswith("Mapping"):
        group.add_argument(
            name, type=pairs, action=_Together, default=argparse.SUPPRESS, metavar="KEY=VALUE,...", help=text
        )
    else:
        metavar = "|".join(each.metadata["choices"]) or each.name.upper()
        group.add_argument(name, default=argparse.SUPPRESS, metavar=metavar, help=text)


class _Together(argparse.Action):
    """An option of pairs that is given several times: all of them, of one key the last."""

    def __call__(self, _: Any, given: argparse.Namespace, values: Any, option: str | None = None) -> None:
        setattr(given, self.dest, {**getattr(given, self.dest, {}), **values})


def overrides(arguments: argparse.Namespace, told: type[Sections] = JobConfig) -> dict[str, Any]:
    """What was given on the command line, by key.

    Parameters
    ----------
    arguments : argparse.Namespace
        What a parser with `add_options` made; options that are no keys are passed over.
    told : type of Sections
        Whose keys they are.
    """
    keys = told.keys()
    return {name: value for name, value in vars(arguments).items() if name in keys}


def pairs(text: str) -> dict[str, str]:
    """KEY=VALUE,KEY=VALUE; a part without `=` belongs to the value before it, as in a list of brokers.

    Parameters
    ----------
    text : str
        As typed behind the option.

    Raises
    ------
    argparse.ArgumentTypeError
        If its first part has no `=`.
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if equals:
            found[name] = value
        elif found:
            last = next(reversed(found))
            found[last] += f",{part}"
        else:
            raise argparse.ArgumentTypeError(f"{text!r} should be KEY=VALUE,KEY=VALUE")
    return found


def _show(default: Any) -> str:
    if isinstance(default, tuple):
        return ",".join(default) or "none"
    return "none" if default in (None, {}) else str(default)
