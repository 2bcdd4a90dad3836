"""The science modules of a job with their artefacts; published weights are added where they lack."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jobs.config import ScienceConfig
from jobs.modules import weights as models
from science_modules import registry
from science_modules.common.contract import ScienceModule


@dataclass(frozen=True)
class Science:
    """The modules of a job with their artefacts, and the modules that were left out, with the reason."""

    modules: tuple[ScienceModule, ...]
    artefacts: Mapping[str, Mapping[str, bytes]]
    left_out: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the modules, in the order in which they run."""
        return tuple(module.name for module in self.modules)


def prepare_science(config: ScienceConfig, options: Mapping[str, str] | None = None) -> Science:
    """Resolve the modules and find their artefacts, adding published weights from `model_sources` where they lack.

    Parameters
    ----------
    config : ScienceConfig
        Its `modules`, `models`, `model_sources` and `missing_models`.
    options : mapping of str to str, optional
        Of the modules, as `registry.resolve` takes them.

    Raises
    ------
    ValueError
        For an unknown module (names the nearest), a gap, a loop, or an option that is none.
    ArtefactError
        If artefacts are missing and `missing_models` is error.
    """
    left_out = without_weights(config, config.modules)
    kept = registry.resolve([name for name in config.modules if name not in left_out], options)
    return Science(tuple(kept), {module.name: models.find(module, Path(config.models)) for module in kept}, left_out)


def without_weights(config: ScienceConfig, modules: Iterable[str]) -> dict[str, str]:
    """Which of some modules have no artefacts, and why; published weights are added from `model_sources` where they lack.

    Parameters
    ----------
    config : ScienceConfig
        Its `models`, `model_sources` and `missing_models`.
    modules : iterable of str
        Names of science modules.

    Raises
    ------
    ArtefactError
        If there is one and `missing_models` is error.
    """
    left_out = {}
    for module in map(registry.get, modules):
        problem = _obtain(module, Path(config.models), config.model_sources)
        if problem and config.missing_models == "error":
            raise models.ArtefactError(problem)
        if problem:
            left_out[module.name] = problem
    return left_out


def _obtain(module: ScienceModule, directory: Path, sources: tuple[str, ...]) -> str | None:
    """Make sure that a module's artefacts are there; what is wrong if they cannot be."""
    problems = []
    for source in sources if models.missing(module, directory) else ():
        try:
            models.add(module, source, directory)
            break
        except models.ArtefactError as error:
            problems.append(str(error))
    try:
        models.find(module, directory)
    except models.ArtefactError as error:
        return "; ".join([str(error), *problems])
    return None
