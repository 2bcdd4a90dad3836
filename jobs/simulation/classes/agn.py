"""Active nuclei of nearby galaxies: quasars' walks, fainter and quicker, in the light of a host."""

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.nuclei import draw_nuclei, walk_magnitude
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from science_modules.common.photometry import flux_of_magnitude


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    return flux_of_magnitude(walk_magnitude(parameters, epochs))


CLASS = ObjectClass(
    "agn",
    "AGN",
    "stochastic",
    "AGN",
    "AGN",
    draw_nuclei,
    _flux,
    "extragalactic",
    "nucleus",
    0.04,
    "MacLeod et al. 2010",
)
