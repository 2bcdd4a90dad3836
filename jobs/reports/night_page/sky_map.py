"""The night's sky: where its alerts are, with the Galactic plane, the ecliptic and the alerts that stand out."""

from collections.abc import Sequence

import erfa
import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from jobs.archive.alert import Alert
from jobs.reports.night_page.science_part import SciencePart
from jobs.reports.night_page.sky_cells import mollweide
from jobs.reports.night_page.svg import svg, text

Floats = NDArray[np.float64]

_WIDTH, _HEIGHT = 720.0, 372.0
_SCALE = 172.0
_FEW = 2000  # alerts; more are shown as cells
_J2000 = 2451545.0


def sky_map(part: SciencePart, marked: Sequence[Alert]) -> Markup:
    """The whole sky, equal areas, east to the left.

    Parameters
    ----------
    part : SciencePart
        The night's alerts: few as points, more as cells by their number.
    marked : sequence of Alert
        Shown as rings.
    """
    centre = part.cells.centre()
    parts = [_outline(), *_graticule(centre), *_great_circles(centre)]
    parts += _cells(part, centre) if part.alerts > _FEW else _points(part, centre)
    for alert in marked:
        x, y = _place(np.array([alert.facts["ra"]]), np.array([alert.facts["dec"]]), centre)
        said = escape(alert.facts["object_id"])
        parts.append(f'<circle class="ring" cx="{x[0]:.1f}" cy="{y[0]:.1f}" r="5.5"><title>{said}</title></circle>')
    return svg(_WIDTH, _HEIGHT, parts, f"sky map of {part.alerts} alerts")


def _place(ra: Floats, dec: Floats, centre: float) -> tuple[Floats, Floats]:
    x, y = mollweide(ra, dec, centre)
    return _WIDTH / 2 + _SCALE * x, _HEIGHT / 2 - _SCALE * y


def _outline() -> str:
    return f'<ellipse class="sky" cx="{_WIDTH / 2}" cy="{_HEIGHT / 2}" rx="{2 * _SCALE}" ry="{_SCALE}"/>'


def _graticule(centre: float) -> list[str]:
    parts = []
    fine = np.linspace(-90, 90, 61)
    for offset in range(-150, 180, 30):
        parts += _curve(np.full(61, centre + offset), fine, centre, "grid")
        x, y = _place(np.array([centre + offset]), np.array([0.0]), centre)
        if offset % 60 == 0:
            parts.append(text(x[0], y[0] - 3, f"{round((centre + offset) % 360 / 15):d}h", "middle", "sky-tick"))
    around = centre + np.linspace(-179.99, 179.99, 181)
    for dec in (-60, -30, 0, 30, 60):
        parts += _curve(around, np.full(181, dec), centre, "grid")
        x, y = _place(np.array([centre + 179.99]), np.array([float(dec)]), centre)
        if dec:
            parts.append(text(x[0] - 5, y[0] + 4, f"{dec:+d}°".replace("-", "−"), "end", "tick"))
    return parts


def _great_circles(centre: float) -> list[str]:
    around = np.radians(np.linspace(0, 360, 361))
    zero = np.zeros_like(around)
    plane = erfa.g2icrs(around, zero)
    ecliptic = erfa.eceq06(_J2000, 0.0, around, zero)
    parts = []
    for (ra, dec), kind in ((plane, "plane"), (ecliptic, "ecliptic")):
        parts += _curve(np.degrees(ra), np.degrees(dec), centre, kind)
    return parts


def _curve(ra: Floats, dec: Floats, centre: float, kind: str) -> list[str]:
    """A line, cut where it leaves the map at one side and comes back at the other."""
    x, y = _place(ra, dec, centre)
    cuts = np.flatnonzero(np.abs(np.diff(x)) > _SCALE) + 1
    pieces = zip(np.split(x, cuts), np.split(y, cuts), strict=True)
    return [
        f'<polyline class="{kind}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(*piece, strict=True))}"/>'
        for piece in pieces
        if len(piece[0]) > 1
    ]


def _points(part: SciencePart, centre: float) -> list[str]:
    if not part.points:
        return []
    ra, dec = np.array(part.points).T
    x, y = _place(ra, dec, centre)
    return [f'<circle class="alert" cx="{a:.1f}" cy="{b:.1f}" r="2.1"/>' for a, b in zip(x, y, strict=True)]


def _cells(part: SciencePart, centre: float) -> list[str]:
    counts, ra, dec = part.cells.filled()
    middle = ra.mean(axis=1, keepdims=True)
    # a cell across the map's edge is cut off there, not drawn from one side to the other
    offset = (middle - centre + 180) % 360 - 180 + ra - middle
    x, y = _place(centre + np.clip(offset, -179.99, 179.99), dec, centre)
    opacity = 0.18 + 0.82 * np.log1p(counts) / np.log1p(counts.max())
    return [_cell(*each) for each in zip(counts.tolist(), x.tolist(), y.tolist(), opacity.tolist(), strict=True)]


def _cell(count: int, x: Sequence[float], y: Sequence[float], opacity: float) -> str:
    corners = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    title = f"<title>{count:,} alerts</title>"
    return f'<polygon class="cell" points="{corners}" fill-opacity="{opacity:.2f}">{title}</polygon>'
