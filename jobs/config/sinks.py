"""The section of sinks: a key for each that is listed and has no key elsewhere, so that a new sink needs no line here."""

import dataclasses
from collections.abc import Mapping

from jobs.config.keys import Section, key
from jobs.config.sections import FiltersConfig
from jobs.pipeline.sinks.registry import SINKS

_ELSEWHERE = {each.name for each in dataclasses.fields(FiltersConfig)}

SinksConfig: type[Section] = dataclasses.make_dataclass(
    "SinksConfig",
    [(kind.section, Mapping[str, str], key(dict, kind.help)) for kind in SINKS if kind.section not in _ELSEWHERE],
    bases=(Section,),
    namespace={"__doc__": "Where else sealed batches are written."},
    frozen=True,
)
