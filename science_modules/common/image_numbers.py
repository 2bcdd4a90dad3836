"""What stamps show, in numbers that do not change when the alert is turned by 90 degrees or mirrored.

Light is measured in units of each stamp's noise, so zero points and exposure times do not matter.
"""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.rings import N_RINGS, ring_of_pixels

Floats = NDArray[np.float64]

SHAPES = (
    "missing",
    "asymmetry",
    "size",
    "elongation",
    "offset",
    "peak_share",
    "negative_share",
    "brightest",
    "brightest_at",
)
STAMP_NUMBERS = (*(f"{kind}_{ring}" for kind in ("light", "grain") for ring in range(N_RINGS)), *SHAPES)
PAIR_NUMBERS = (
    *("like_science_template", "like_difference_template", "like_difference_science"),
    *("apart_difference_template", "noise_difference_template", "flux_difference_template", "flux_difference_science"),
)
NAMES = (
    *(f"{stamp}_{name}" for stamp in ("science", "template", "difference") for name in STAMP_NUMBERS),
    *PAIR_NUMBERS,
)


def image_numbers(planes: NDArray[np.float32], levels: Floats) -> Floats:
    """The numbers of NAMES for every alert.

    Parameters
    ----------
    planes : numpy.ndarray of float32, shape (n, 3, 63, 63)
        Science, template, difference, the source in the middle; NaN where nothing is.
    levels : numpy.ndarray of float64, shape (n, 3, 2)
        Of each plane: what is no light, and the noise, in the units of its pixels; NaN where there is nothing to measure.

    Returns
    -------
    numpy.ndarray of float64, shape (n, len(NAMES))
        Of each stamp: mean light of rings (arcsinh, of noise) and its scatter along them (log); pixels without value;
        asymmetry under half a turn; size, elongation and offset of the source [px]; share of its brightest pixel; share
        of light below zero; the brightest pixel within 17 px (arcsinh) and how far off it is [px]. Of pairs: correlation of
        pixels, distance of sources [px], ratio of noises (log) and of fluxes (arcsinh). NaN where not defined.
    """
    # compiled: not for those who ask only what the module gives
    from science_modules.common.image_kernels import measure

    ring_of = ring_of_pixels()
    out = np.full((len(planes), len(NAMES)), np.nan)
    for planes_of_one, levels_of_one, numbers in zip(np.ascontiguousarray(planes), levels, out, strict=True):
        measure(planes_of_one, levels_of_one, ring_of, numbers)
    return out.astype(np.float32).astype(np.float64)  # sums in another order differ behind these digits
