"""`--config YAML` of the simulator's verbs: the mix of classes, depth and cadence, faults."""

import argparse
from dataclasses import fields, replace

from jobs.cli.frame import Options
from jobs.common.local_paths import local_path
from jobs.simulation.load import FaultRates
from jobs.simulation.settings import AS_IT_IS, Settings, read_settings


def add_config(options: Options, streams: bool = False) -> None:
    """Add the option.

    Parameters
    ----------
    options : Options
    streams : bool
        Whether the verb has faults.
    """
    balanced = "balanced: the five stamp classes alike" if streams else "balanced"
    keys = f"mix (natural, {balanced}, or shares of classes), depth [mag], cadence (share of exposures)"
    told = f"{keys}, faults" if streams else f"{keys}; faults are of `strix simulate stream` alone"
    help_ = f"file with any of {told}; an option goes before the file"
    options.add_argument("--config", type=local_path, metavar="YAML", help=help_)


def settings_of(given: argparse.Namespace, streams: bool = False, usual: Settings = AS_IT_IS) -> Settings:
    """What the file says, and the options that go before it.

    Parameters
    ----------
    given : argparse.Namespace
        With `config`; `mix` and, of a stream, the rates of faults are None where they were not asked for.
    streams : bool
        Whether the verb has faults.
    usual : Settings
        What holds where neither says anything.

    Raises
    ------
    ValueError
        If the file cannot be read, or asks for what the verb cannot do.
    """
    settings = read_settings(given.config, usual)
    if not streams and settings.faults != FaultRates():
        raise ValueError(
            f"{given.config}: faults are of `strix simulate stream` alone; take mix, depth and cadence into a file of their own"
        )
    if getattr(given, "history", None) and (settings.depth, settings.cadence) != (0, 1):
        raise ValueError(f"{given.config}: full histories are of the survey's own depth and cadence; leave both out")
    if getattr(given, "mix", None) is not None:
        settings = replace(settings, mix=given.mix)
    names = [each.name for each in fields(FaultRates)] if streams else []
    asked = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    return replace(settings, faults=replace(settings.faults, **asked))
