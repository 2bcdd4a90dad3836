"""Check 5: whether the light in the difference cutouts is what the packets say."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.checks.night_alerts import Alerts
from science_modules.common.cutouts import SIZE
from science_modules.common.photometry import flux_of_magnitude

Floats = NDArray[np.float64]

RADIUS_PX = 4.0
_RING_PX = 16.0  # empty apertures lie on it
_EMPTY = 16
GOAL_SPREAD, GOAL_MEDIAN = (0.5, 0.9), 0.2


def aperture_pulls(alerts: Alerts) -> dict[str, dict[str, Any]]:
    """Aperture sum less packet flux, over the noise of empty apertures, by the sign of the difference.

    Parameters
    ----------
    alerts : Alerts
        Bogus ones are left out: what they hold is no point source.

    Returns
    -------
    dict
        By sign (`positive`, `negative`): n, correction (share of the flux within 4 px), median,
        median_absolute, ok.
    """
    sums, noise, flux = _measured(alerts)
    sound = np.isfinite(sums) & (noise > 0) & (alerts.kind != "bogus") & (alerts.kind != "")
    positive = alerts.fields["isdiffpos"].isin(["t", "1"]).to_numpy()
    correction = _correction(sums / flux, alerts.fields["fwhm"].to_numpy(float), sound & (flux > 10 * noise))
    pull = (sums / correction - flux) / np.hypot(noise / correction, 0.02 * flux)
    signs = {"positive": positive, "negative": ~positive}
    return {name: _summary(pull[sound & own], correction[sound & own]) for name, own in signs.items()}


def _correction(ratio: Floats, fwhm: Floats, bright: NDArray[np.bool_]) -> Floats:
    """The share of the flux within the aperture: the median of bright alerts of similar seeing, in fifths."""
    edges = np.percentile(fwhm[bright], [20, 40, 60, 80]) if bright.any() else np.zeros(4)
    fifth = np.searchsorted(edges, fwhm)
    shares = [np.median(ratio[bright & (fifth == i)]) if np.any(bright & (fifth == i)) else 1.0 for i in range(5)]
    return np.array(shares)[fifth]


def _summary(pull: Floats, correction: Floats) -> dict[str, Any]:
    median, spread = (float(np.median(pull)), float(np.median(np.abs(pull)))) if len(pull) else (np.nan, np.nan)
    ok = bool(GOAL_SPREAD[0] <= spread <= GOAL_SPREAD[1] and abs(median) < GOAL_MEDIAN)
    return {
        "n": len(pull),
        "correction": float(np.median(correction)) if len(pull) else np.nan,
        "median": median,
        "median_absolute": spread,
        "ok": ok,
    }


def _measured(alerts: Alerts) -> tuple[Floats, Floats, Floats]:
    """Sum within the aperture, noise of such sums, and flux of the packet, all in DN; NaN for a cropped cutout."""
    images = alerts.batch.stamps.images["difference"]
    sums, noise = np.full((2, len(images)), np.nan)
    for row, image in enumerate(images):
        if image is not None and image.shape == (SIZE, SIZE):
            sums[row], noise[row] = _aperture(np.asarray(image, dtype=np.float64))
    flux = flux_of_magnitude(alerts.fields["magpsf"].to_numpy(float), alerts.fields["magzpsci"].to_numpy(float))
    return sums, noise, np.asarray(flux)


_ANGLES = 2 * np.pi * np.arange(_EMPTY) / _EMPTY
_CENTRES = np.array([(0.0, 0.0), *zip(_RING_PX * np.sin(_ANGLES), _RING_PX * np.cos(_ANGLES), strict=True)]) + SIZE // 2
_MASKS = (
    np.hypot(np.arange(SIZE)[:, None] - _CENTRES[:, :1, None], np.arange(SIZE) - _CENTRES[:, 1:, None]) <= RADIUS_PX
).reshape(_EMPTY + 1, -1)


def _aperture(image: Floats) -> tuple[float, float]:
    sums = _MASKS @ (image - np.nanmedian(image)).ravel()
    low, high = np.nanpercentile(sums[1:], [16, 84]) if np.isfinite(sums[1:]).sum() > _EMPTY // 2 else (np.nan,) * 2
    return float(sums[0]), float((high - low) / 2)
