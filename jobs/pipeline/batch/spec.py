"""What every batch of a job is made with; light, since the planner of a query loads it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jobs.pipeline.decode.registry import SchemaPlaces
from jobs.pipeline.enrichment.isolation import Limits


@dataclass(frozen=True)
class BatchSpec:
    """What every batch of a job is made with.

    Attributes
    ----------
    tables : tuple of str
        Of raw, science, cutouts; quarantine is always written.
    schemas : str, SchemaPlaces or None
        See `PassOptions`.
    hashes : dict
        Of configuration and modules, for the ledger.
    artefacts : callable
        Gives the modules' artefacts by module and name.
    max_failures : int
        Failed answers of modules in a batch; more, and it is not sealed.
    on_error : str
        See `PassOptions`.
    durable : bool
        Whether files are synchronised before they are renamed.
    """

    tables: tuple[str, ...]
    surveys: tuple[str, ...]
    schemas: str | SchemaPlaces | None
    modules: tuple[str, ...]
    hashes: dict[str, Any]
    artefacts: Callable[[], Mapping[str, Mapping[str, bytes]]]
    limits: Limits = field(default_factory=Limits)
    max_failures: int = 100
    on_error: Literal["null", "raise"] = "null"
    durable: bool = False
