"""Why a check cannot be made here: scikit-learn or the published weights are absent."""

from importlib.util import find_spec

from science_modules import acai, braai
from science_modules.common import artefacts


def no_forest() -> str | None:
    """Why no forest can be trained; None if one can."""
    if find_spec("sklearn") is not None:
        return None
    return "scikit-learn is absent, which trains the forest: pip install 'strix[training]'"


def no_networks() -> str | None:
    """Why the published networks cannot be asked; None if they can.

    Raises
    ------
    ArtefactError
        If weights are there and are others than those that were published.
    """
    modules = [braai.MODULE, acai.MODULE]
    lacking = [module.name for module in modules if artefacts.missing(module)]
    for module in modules:
        if module.name not in lacking:
            artefacts.find(module)
    if not lacking:
        return None
    how = "; ".join(f"strix models add {name} [--from PATH|URL]" for name in lacking)
    return f"the published weights of {' and '.join(lacking)} are not in {artefacts.default_directory()}: {how}"
