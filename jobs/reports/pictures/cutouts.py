"""The three cutouts of an alert: north up, east left, each on a scale that shows what it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from numpy.typing import NDArray

from jobs.archive.alert import Alert
from jobs.archive.cutout_geometry import geometry, own_fields, sign_is_turned, sky_offset, turned, upright
from jobs.archive.find_cutouts import Triplet
from jobs.pipeline.surveys import survey_of
from jobs.reports.pictures import style
from science_modules.common.cutouts import STAMPS, stamps

# asinh stretch: linear to a few times the noise, logarithmic above
_SOFT = 6.0
_BARS = (10.0, 5.0, 2.0, 1.0)
MISSING = 1e30  # some ZTF templates hold the largest float32 where they have no data


@dataclass(frozen=True)
class Stamp:
    """A cutout ready to be drawn.

    Attributes
    ----------
    name : str
        science, template or difference.
    pixels : numpy.ndarray of float32, shape (n, n), or None
        North up, east left, in the survey's unit; of a difference, negative is fainter than the template.
    half_arcsec : float
        From the picture's centre to its edge.
    alert, reference : tuple of float or None
        Arcsec to the right and up from the centre: the alert, the nearest source of the reference image.
    turned : bool
        Whether sky directions are known; without them the pixels are as received.
    reason : str or None
        Why there are no pixels.
    """

    name: str
    pixels: NDArray[np.float32] | None
    half_arcsec: float = 0.0
    alert: tuple[float, float] | None = None
    reference: tuple[float, float] | None = None
    turned: bool = True
    reason: str | None = None

    @property
    def unit(self) -> str:
        """Of `half_arcsec`, which counts pixels where sky directions are not known."""
        return "″" if self.turned else " px"


def stamps_of(alert: Alert, triplet: Triplet | None) -> list[Stamp]:
    """Science, template and difference of an alert.

    Where a survey publishes the difference of a source that has faded with its sign turned, it has its own sign again.

    Parameters
    ----------
    alert : Alert
        Its facts say how the pixels lie on the sky.
    triplet : mapping of str to bytes or None
        The three cutouts as received, by name; None if the output has none of this alert.

    Returns
    -------
    list of Stamp
        Always three; one that is missing or cannot be decoded has a reason instead of pixels.
    """
    if triplet is None:
        return [Stamp(name, None, reason="the output holds no stamps") for name in STAMPS]
    table = pa.table({f"cutout_{name}": pa.array([triplet[name]], type=pa.binary()) for name in STAMPS})
    decoded = stamps(table)
    return [
        _ready(alert.facts, name, triplet[name], decoded.images[name][0], decoded.reasons[name][0]) for name in STAMPS
    ]


def shades(stamp: Stamp) -> NDArray[np.float64]:
    """Brightness of every pixel from 0 to 1; NaN stays NaN.

    A difference is scaled about its background, which becomes 0.5; the others from a little below theirs up.

    Parameters
    ----------
    stamp : Stamp
        One with pixels.

    Returns
    -------
    numpy.ndarray of float64, shape (n, n)
        All NaN if no pixel is finite.
    """
    pixels = np.asarray(stamp.pixels, dtype=np.float64)
    known = pixels[np.isfinite(pixels)]
    if not known.size:
        return np.full(pixels.shape, np.nan)
    level = float(np.median(known))
    noise = max(1.4826 * float(np.median(np.abs(known - level))), 1e-9 * (1 + float(np.abs(known).max())))
    stretched = np.arcsinh((pixels - level) / (_SOFT * noise))
    if stamp.name == "difference":
        top = max(float(np.nanmax(np.abs(stretched))), 0.7)
        return np.asarray(0.5 + 0.5 * stretched / top)
    low, high = np.arcsinh(-2.0 / _SOFT), max(float(np.nanmax(stretched)), 0.9)
    return np.asarray(np.clip((stretched - low) / (high - low), 0, 1))


def draw_stamp(axes: Axes, stamp: Stamp, marks: bool = True) -> None:
    """Draw one cutout; one without pixels as its reason in words.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Filled by it, ticks and frame removed.
    stamp : Stamp
    marks : bool
        Also the alert's cross hairs, the reference source, directions and a scale bar of 10 arcsec or less.
    """
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor(style.NIGHT_SKY)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if stamp.pixels is None:
        axes.text(0.5, 0.5, stamp.reason or "", color="#9aa5b1", fontsize=7, ha="center", va="center", wrap=True)
        return
    half = stamp.half_arcsec
    axes.imshow(
        shades(stamp), cmap=cmap(stamp.name), vmin=0, vmax=1, interpolation="nearest", extent=(-half, half, -half, half)
    )
    axes.set_xlim(-half, half)
    axes.set_ylim(-half, half)
    if marks:
        _mark(axes, stamp)


def cmap(name: str) -> str:
    """Name of the colour map: grey for what is on the sky; for a difference blue is fainter, red is brighter.

    Parameters
    ----------
    name : str
        science, template or difference.
    """
    return "berlin" if name == "difference" else "gray"


def bar_arcsec(half_arcsec: float) -> float:
    """The longest scale bar that is not more than 0.4 of the picture's width [arcsec].

    Parameters
    ----------
    half_arcsec : float
        From the picture's centre to its edge [arcsec].
    """
    return next((bar for bar in _BARS if bar <= 0.8 * half_arcsec), _BARS[-1])


def _mark(axes: Axes, stamp: Stamp) -> None:
    half = stamp.half_arcsec
    light: dict[str, Any] = {"color": "white", "solid_capstyle": "butt"}
    if stamp.alert:
        x, y = stamp.alert
        axes.plot([x - 0.28 * half, x - 0.12 * half], [y, y], lw=1.2, alpha=0.9, **light)
        axes.plot([x, x], [y + 0.12 * half, y + 0.28 * half], lw=1.2, alpha=0.9, **light)
    if stamp.reference and stamp.name == "template" and max(map(abs, stamp.reference)) < half:
        axes.plot(*stamp.reference, "o", ms=13, mfc="none", mec="#5ad1e6", mew=1.0, alpha=0.9)
    bar = bar_arcsec(half)
    left, bottom = -0.9 * half, -0.86 * half
    axes.plot([left, left + bar], [bottom, bottom], lw=2.0, **light)
    axes.text(
        left + bar / 2,
        bottom + 0.05 * half,
        f"{bar:g}{stamp.unit}",
        color="white",
        fontsize=8,
        ha="center",
        va="bottom",
    )
    if stamp.turned:
        _compass(axes, half)


def _compass(axes: Axes, half: float) -> None:
    x, y, length = 0.86 * half, -0.86 * half, 0.3 * half
    arrow = {"arrowstyle": "-|>,head_width=0.18,head_length=0.36", "color": "white", "lw": 1.1, "shrinkA": 0}
    for dx, dy, letter in ((0.0, length, "N"), (-length, 0.0, "E")):
        axes.annotate("", (x + dx, y + dy), (x, y), arrowprops=arrow)
        axes.text(x + 1.25 * dx, y + 1.25 * dy, letter, color="white", fontsize=8, ha="center", va="center")


def _ready(
    facts: Mapping[str, Any], name: str, data: bytes | None, image: NDArray[np.float32] | None, reason: str | None
) -> Stamp:
    if image is None or data is None:
        return Stamp(name, None, reason=reason or f"no {name} stamp")
    image = np.where(np.abs(image) < MISSING, image, np.float32(np.nan))
    if name == "difference" and sign_is_turned(facts):
        image = -image
    place = geometry(facts, data, (image.shape[0], image.shape[1]))
    if place is None:
        return Stamp(name, image[::-1], max(image.shape) / 2, turned=False)
    half = max(image.shape) / 2 * place.pixel_arcsec
    at = turned(place, place.alert) if place.alert else None
    return Stamp(name, upright(image, place), half, at, _reference(facts, at))


def _reference(facts: Mapping[str, Any], at: tuple[float, float] | None) -> tuple[float, float] | None:
    """The nearest source of the survey's reference image, if it names one."""
    survey = survey_of(facts["survey"])
    ra, dec = own_fields(facts, survey.cutouts.reference_fields if survey else ()) or (None, None)
    if at is None or ra is None or dec is None or not (0 <= ra <= 360 and -90 <= dec <= 90):
        return None
    east, north = sky_offset(facts, ra, dec)
    return at[0] - east, at[1] + north
