"""Cutouts as Rubin sends them: plain FITS of image, variance and PSF, with a world coordinate system."""

from functools import lru_cache

import numpy as np

from jobs.simulation.lsst.points import PIXEL_ARCSEC
from jobs.simulation.object_class import Floats

_RECORD = 2880


def fits_bytes(image: Floats, variance: Floats, psf: Floats, sky: str) -> bytes:
    """A cutout; the same bytes every time.

    Parameters
    ----------
    image, variance : numpy.ndarray, shape (side, side)
        [nJy], [nJy^2]; written as float32.
    psf : numpy.ndarray, shape (psf_side, psf_side)
        Sum 1; written as float64.
    sky : str
        Cards of `sky_cards`.
    """
    units = (
        (_primary(image.shape[0], sky), image.astype(">f4")),
        (_variance(variance.shape[0]), variance.astype(">f4")),
        (_psf(psf.shape[0]), psf.astype(">f8")),
    )
    return b"".join(header + _padded(data.tobytes()) for header, data in units)


def sky_cards(ra: float, dec: float, x: float, y: float, corner: tuple[int, int], rotation: float) -> str:
    """The cards that say where the pixels lie; a tangent projection about the detection, as real cutouts have it.

    Parameters
    ----------
    ra, dec : float
        The detection [deg].
    x, y : float
        Its place on the detector [px].
    corner : tuple of int
        Where the cutout begins on the detector.
    rotation : float
        Position angle of the y axis, east of north [deg].
    """
    matrix = pixel_matrix(rotation) / 3600
    values = {
        "CUTMINX": corner[0],
        "CUTMINY": corner[1],
        "ROTPA": rotation,
        "BUNIT": "'nJy     '",
        "WCSAXES": 2,
        "CRPIX1": x - corner[0],
        "CRPIX2": y - corner[1],
        **{f"PC{i + 1}_{j + 1}": matrix[i, j] for i in (0, 1) for j in (0, 1)},
        "CDELT1": 1.0,
        "CDELT2": 1.0,
        "CRVAL1": ra,
        "CRVAL2": dec,
        "LATPOLE": 90.0,
        "MJDREF": 0.0,
    }
    return "".join(_card(name, value) for name, value in values.items())


def pixel_matrix(rotation: float) -> Floats:
    """(east, north) [arcsec] per (x, y) [pixel]: a reflection, so that its square is the squared pixel times unity.

    Parameters
    ----------
    rotation : float
        Position angle of the y axis, east of north [deg].
    """
    sine, cosine = np.sin(np.radians(rotation)), np.cos(np.radians(rotation))
    return PIXEL_ARCSEC * np.array([[-cosine, sine], [sine, cosine]])


def _card(name: str, value: object) -> str:
    text = f"{value:.14G}" if isinstance(value, float) else str(value)
    if isinstance(value, float) and not set(text) & set(".E"):
        text += ".0"
    return f"{name:<8}= {text:<20}".ljust(80) if text.startswith("'") else f"{name:<8}= {text:>20}".ljust(80)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % _RECORD)


def _header(cards: str) -> bytes:
    text = cards + "END".ljust(80)
    return (text + " " * (-len(text) % _RECORD)).encode("ascii")


def _axes(side: int, bits: int) -> str:
    return _card("BITPIX", bits) + _card("NAXIS", 2) + _card("NAXIS1", side) + _card("NAXIS2", side)


def _primary(side: int, sky: str) -> bytes:
    return _header(_card("SIMPLE", "T") + _axes(side, -32) + _card("EXTEND", "T") + sky)


def _extension(side: int, bits: int) -> str:
    return _card("XTENSION", "'IMAGE   '") + _axes(side, bits) + _card("PCOUNT", 0) + _card("GCOUNT", 1)


@lru_cache
def _variance(side: int) -> bytes:
    return _header(_extension(side, -32) + _card("UTYPE", "'VarianceUncertainty'") + _card("EXTNAME", "'UNCERT  '"))


@lru_cache
def _psf(side: int) -> bytes:
    return _header(_extension(side, -64) + _card("EXTNAME", "'PSFIMAGE'"))
