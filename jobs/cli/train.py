"""`strix train NAME --config FILE`: a model from labelled data to a folder that `strix models add --from` takes."""

import dataclasses
from pathlib import Path

from jobs.cli.console import complain, say
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.common.local_paths import local_path
from jobs.common.search_path import MODULE_PATH, existing_alone
from jobs.launcher.train import run_training
from jobs.modules.versions import model_of
from jobs.training.config import TrainingConfig, load
from jobs.training.result import CARD, Result
from jobs.training.run import MODEL
from jobs.training.trainable import get, names


def parser() -> Options:
    """The options."""
    options = Options(
        prog="strix train",
        description="Train a model. A training that was killed goes on from its last checkpoint when it is started again.",
        epilog=f"models that can be trained: {', '.join(names())}",
    )
    options.add_argument("name", help="which model")
    options.add_argument("--config", type=local_path, help="YAML file, for instance conf/training/anomaly.yaml")
    options.add_argument("--output", help="folder of the run (overrides the file's)")
    options.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="KEY=VALUE",
        help="a key of the file with another value: seed=7, version=2.1.0, data.nights=[20240101, 20240131]; may be repeated",
    )  # fmt: skip
    options.add_argument(
        "--keys", action="store_true", help="list the keys of this model's file with their defaults, and end"
    )
    return options


@verb("strix train")
def main(arguments: list[str] | None = None) -> int:
    """Train, and say where the model is; 2 if it cannot be trained on what is given.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix train`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    if given.keys:
        return _list_keys(given.name)
    changes = dict(_pair(text) for text in given.changes) | ({"output": given.output} if given.output else {})
    config = load(given.config, changes, get(given.name).defaults)
    _warn_of_version(given.name, config)
    result = run_training(given.name, config, tell=lambda line: complain(f"train: {line}"))
    _say_result(result)
    return OK


def _warn_of_version(name: str, config: TrainingConfig) -> None:
    """Two models of one name and version cannot be told apart: better said before a long training than after it."""
    version = config.version or get(name).version
    with existing_alone(MODULE_PATH):
        there = model_of(name, version)
    if there is not None:
        complain(
            f"train: {there} is {name} {version} already, and `strix models add` refuses another model of that version;"
            " give this one its own: --set version=NUMBER"
        )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set wants KEY=VALUE, has {text!r}")
    return name.strip(), value


def _list_keys(name: str) -> int:
    trainable = get(name)
    own = load(None, defaults=trainable.defaults)
    for title, keys in (("", own), ("data.", trainable.data()), ("settings.", trainable.settings())):
        for field in dataclasses.fields(keys):
            if field.name not in ("data", "settings"):
                say(f"{title}{field.name}: {getattr(keys, field.name)!r}")
    return OK


def _say_result(result: Result) -> None:
    folder = Path(result.config.output) / MODEL  # as it was given
    say(f"{result.trainable.name} {result.version}: {result.examples.keys.num_rows:,} examples")
    for name, own in (result.scores.measured() if result.scores is not None else {}).items():
        counted = own.confusion()
        say(f"{name}: accuracy {counted.accuracy}, mean recall {counted.mean_recall:.3f}")
    for name, value in result.facts.items():
        say(f"{name}: {value}")
    for name, digest in result.digests.items():
        say(f"{folder / name}: sha256 {digest}")
    say(f"card: {folder / CARD}")
    say(f"next: strix models add --from {folder}")
