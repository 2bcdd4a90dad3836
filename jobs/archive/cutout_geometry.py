"""Where on the sky a cutout's pixels lie, and the cutout turned so that north is up and east is left."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.pipeline.surveys import survey_of
from jobs.pipeline.surveys.candidate import stored_names
from jobs.pipeline.surveys.survey import CutoutGeometry
from science_modules.common.fits import Image

Floats = NDArray[np.float64]

_CARD = 80
_WCS = ("CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "PC1_1", "PC1_2", "PC2_1", "PC2_2", "CDELT1", "CDELT2")
# Output pixels per cutout pixel where the cutout is turned by an odd angle.
_FINE = 4


@dataclass(frozen=True)
class Geometry:
    """Pixels and sky of one cutout.

    Attributes
    ----------
    matrix : numpy.ndarray of float64, shape (2, 2)
        (east, north) [arcsec] per (column, row) [pixel].
    alert : tuple of float or None
        Column and row of the alert, pixel centres being whole numbers from 0; None where that is not known.
    centre : tuple of float
        Column and row about which the picture is drawn: the cutout's middle, or where a chip's edge has cropped it, the
        alert, so that what is missing is missing on its own side.
    """

    matrix: Floats
    alert: tuple[float, float] | None
    centre: tuple[float, float]

    @property
    def pixel_arcsec(self) -> float:
        """Side of a pixel [arcsec]."""
        return float(math.sqrt(abs(np.linalg.det(self.matrix))))

    def pixel(self, east: float, north: float) -> tuple[float, float] | None:
        """Column and row of a point so far [arcsec] from the alert; None where the alert's place is not known.

        Parameters
        ----------
        east, north : float
            Distance from the alert [arcsec].
        """
        if self.alert is None:
            return None
        column, row = np.linalg.solve(self.matrix, (east, north)) + np.array(self.alert)
        return float(column), float(row)


def geometry(facts: Mapping[str, Any], data: bytes, shape: tuple[int, int]) -> Geometry | None:
    """The geometry of a cutout; None where the survey says nothing about it.

    Parameters
    ----------
    facts : mapping
        survey, ra, dec [deg] and `candidate` of the alert.
    data : bytes
        The cutout as received: where the survey declares no geometry, its FITS header holds a WCS.
    shape : tuple of int
        Height and width of the image.
    """
    survey = survey_of(facts["survey"])
    if survey is not None and survey.cutouts.pixel_arcsec is not None:
        return _declared(survey.cutouts, own_fields(facts, survey.cutouts.detector_fields), shape)
    cards = _cards(data)
    return (
        _tangent(cards, facts["ra"], facts["dec"], _middle(shape)) if all(name in cards for name in _WCS[:8]) else None
    )


def sky_offset(facts: Mapping[str, Any], ra: float, dec: float) -> tuple[float, float]:
    """How far a position lies east and north of the alert [arcsec]; for the few arcsec of a cutout.

    Parameters
    ----------
    facts : mapping
        Of the alert, with `ra` and `dec` [deg].
    ra, dec : float
        The position, ICRS [deg].

    Returns
    -------
    east, north : float
    """
    east = (ra - facts["ra"] + 180) % 360 - 180
    return 3600 * east * math.cos(math.radians(facts["dec"])), 3600 * (dec - facts["dec"])


def upright(image: Image, place: Geometry, side: int | None = None) -> NDArray[np.float32]:
    """The cutout on a square grid with north up and east left about its `centre`; nearest pixels, NaN outside.

    Parameters
    ----------
    image : numpy.ndarray of float32, shape (height, width)
        A stamp.
    place : Geometry
        Of that stamp.
    side : int, optional
        Pixels of the result; without it the cutout's longer side, four times as many where the cutout is turned.
    """
    height, width = image.shape
    reach = max(height, width)
    aligned = min(abs(place.matrix[0, 0]), abs(place.matrix[0, 1])) < 1e-3 * place.pixel_arcsec
    side = side or (reach if aligned else _FINE * reach)
    offsets = ((np.arange(side) + 0.5) / side - 0.5) * reach * place.pixel_arcsec
    east, north = np.meshgrid(-offsets, -offsets)
    columns, rows = np.tensordot(np.linalg.inv(place.matrix), np.stack([east, north]), axes=1)
    column = np.rint(columns + place.centre[0]).astype(np.int64)
    row = np.rint(rows + place.centre[1]).astype(np.int64)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    turned = np.full((side, side), np.nan, dtype=np.float32)
    turned[inside] = image[row[inside], column[inside]]
    return turned


def turned(place: Geometry, at: tuple[float, float]) -> tuple[float, float]:
    """Where a pixel (column, row) is in the upright picture: arcsec to the right and up from its centre.

    Parameters
    ----------
    place : Geometry
    at : tuple of float
        Column and row [pixel].

    Returns
    -------
    right, up : float
        [arcsec].
    """
    east, north = place.matrix @ (np.array(at) - np.array(place.centre))
    return -float(east), float(north)


def own_fields(facts: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    """The values of the survey's own fields of an alert; None for what it does not say.

    Parameters
    ----------
    facts : mapping
        Of the alert, with `survey` and `candidate`.
    names : sequence of str
        Fields as the survey calls them.

    Returns
    -------
    list
        One value per name; None for all of a survey that is not known.
    """
    survey, candidate = survey_of(facts["survey"]), facts.get("candidate") or {}
    stored = stored_names(survey) if survey else {}
    return [candidate.get(stored.get(name, name)) for name in names]


def _declared(declared: CutoutGeometry, position: Sequence[float | None], shape: tuple[int, int]) -> Geometry:
    """Cutouts without a WCS: turned as the survey declares, about the alert; at the edge of a detector they are cropped."""
    pixel = float(declared.pixel_arcsec or 0)
    east = -pixel if declared.first_column == "east" else pixel
    north = -pixel if declared.first_row == "north" else pixel
    places = position or (None, None)
    column, row = (
        _centre(size, declared.side, place, size_of_detector / 2)
        for size, place, size_of_detector in zip(shape[::-1], places, declared.detector or (0, 0), strict=True)
    )
    known = (column, row) if column is not None and row is not None else None
    return Geometry(np.diag([east, north]), known, known or _middle(shape))


def _middle(shape: tuple[int, int]) -> tuple[float, float]:
    return (shape[1] - 1) / 2, (shape[0] - 1) / 2


def _centre(size: int, side: int, position: float | None, half: float) -> float | None:
    """The alert's row or column: what a low edge of the detector cut off is missing before it."""
    whole = side // 2
    if size == side:
        return float(whole)
    if position is None or not half:
        return None
    return float(whole if position > half else size - 1 - whole)


def _tangent(cards: Mapping[str, float], ra: float, dec: float, centre: tuple[float, float]) -> Geometry | None:
    """The linear part of a FITS WCS (Greisen & Calabretta 2002, eq. 1); curvature is nothing over 20 arcsec."""
    step1, step2 = cards.get("CDELT1", 1.0), cards.get("CDELT2", 1.0)
    matrix = 3600 * np.array(
        [[step1 * cards["PC1_1"], step1 * cards["PC1_2"]], [step2 * cards["PC2_1"], step2 * cards["PC2_2"]]]
    )
    if not abs(np.linalg.det(matrix)) > 0:
        return None
    place = Geometry(matrix, (cards["CRPIX1"] - 1, cards["CRPIX2"] - 1), centre)
    reference = {"ra": cards["CRVAL1"], "dec": cards["CRVAL2"]}
    return Geometry(matrix, place.pixel(*sky_offset(reference, ra, dec)), centre)


def _cards(data: bytes) -> dict[str, float]:
    """The numbers among the WCS cards of the first header."""
    found: dict[str, float] = {}
    for at in range(0, len(data) - _CARD + 1, _CARD):
        card = data[at : at + _CARD]
        name = card[:8].decode("ascii", "replace").strip()
        if name == "END":
            break
        if name in _WCS:
            try:
                found[name] = float(card[10:].split(b"/")[0])
            except ValueError:
                continue
    return found


def sign_is_turned(facts: Mapping[str, Any]) -> bool:
    """Whether the survey published the difference with its sign turned: a source that faded, in a positive cutout.

    Parameters
    ----------
    facts : mapping
        Of the alert, with `survey` and `is_positive`.
    """
    survey = survey_of(facts["survey"])
    return survey is not None and survey.cutouts.difference == "positive" and facts.get("is_positive") is False
