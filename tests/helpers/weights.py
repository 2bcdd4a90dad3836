"""Which modules need weights that others published."""

from science_modules.common.contract import ScienceModule


def needs_weights(module: ScienceModule) -> bool:
    """Whether an artefact is made from published weights, which are not in the repository."""
    return any(artefact.original is not None for artefact in module.artefacts)
