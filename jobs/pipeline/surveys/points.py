"""The photometric points of a batch of packets, flat, as an adapter maps them: alerts, their history, forced ones."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from science_modules.common.view import LC_KINDS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DETECTION, FORCED, UPPER_LIMIT = (LC_KINDS.index(kind) for kind in ("detection", "forced", "upper_limit"))
NO_EXPOSURE = -(2**62)
PUBLIC, PRIVATE, NOT_SAID = 1, 0, -1


@dataclass(frozen=True)
class Points:
    """n points, in no order; what is NaN is NULL in the view.

    Attributes
    ----------
    owner : numpy.ndarray of int64
        Row of the packet.
    is_alert : numpy.ndarray of bool
        The alert itself, not its history: one point of each packet.
    kind : numpy.ndarray of int8
        DETECTION, FORCED or UPPER_LIMIT.
    band : numpy.ndarray of int8
        Index into the survey's `bands`; -1 for any other or none.
    mjd : numpy.ndarray of float64
        Mid-exposure, TAI.
    flux, flux_err : numpy.ndarray of float64
        Signed difference flux and its error [nJy]. Of an upper limit there is no flux, and the error is a fifth of it.
    flux_total, flux_total_err, flux_total_err_point : numpy.ndarray of float64
        Flux of the source itself [nJy], its error for an extended and for an unresolved source.
    real_bogus : numpy.ndarray of float64
        0 to 1.
    identity : numpy.ndarray of int64
        The survey's id of the measurement; 0 if it has none.
    exposure : numpy.ndarray of int64 or None
        The survey's id of the exposure, NO_EXPOSURE where it names none; None if it never names one: then points whose
        times agree are of one exposure.
    flag : numpy.ndarray of int64
        Index into `words`: the survey's words against the measurement; 0 for a sound one.
    public : numpy.ndarray of int8 or None
        PUBLIC, PRIVATE or NOT_SAID; None: all are public.
    same_source, same_source_known : numpy.ndarray of bool or None
        The reference image holds the same source, so that its flux and the difference add up to the source's; and
        whether the packet says so. None for a survey that measures `flux_total` itself.
    words : tuple of str or None
        What the flags say; the first is None.
    """

    owner: Ints
    is_alert: Bools
    kind: NDArray[np.int8]
    band: NDArray[np.int8]
    mjd: Floats
    flux: Floats
    flux_err: Floats
    flux_total: Floats
    flux_total_err: Floats
    flux_total_err_point: Floats
    real_bogus: Floats
    identity: Ints
    flag: Ints
    exposure: Ints | None = None
    public: NDArray[np.int8] | None = None
    same_source: Bools | None = None
    same_source_known: Bools | None = None
    words: tuple[str | None, ...] = (None,)

    def __len__(self) -> int:
        return len(self.owner)

    @property
    def flagged(self) -> Bools:
        """Points that the survey flags as unsound."""
        return np.asarray(self.flag != 0)

    @property
    def corrected(self) -> Bools:
        """Points of which `flux_total` is known."""
        return np.isfinite(self.flux_total)

    def take(self, which: Ints | Bools) -> "Points":
        """Some of the points, by index or mask.

        Parameters
        ----------
        which : numpy.ndarray of int64 or bool
            Indices, or a mask of shape (n,).
        """
        return replace(self, **{name: values[which] for name, values in _arrays(self).items()})

    @staticmethod
    def concatenate(*parts: "Points") -> "Points":
        """All points of several sets of one survey.

        Parameters
        ----------
        *parts : Points
            One at least.
        """
        words: list[str | None] = [None]
        flags = []
        for part in parts:  # each has words of its own
            flags.append(np.where(part.flag > 0, part.flag + len(words) - 1, 0))
            words += part.words[1:]
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _arrays(parts[0])}
        return Points(**arrays | {"flag": np.concatenate(flags)}, words=tuple(words))


def no_values(n: int) -> Floats:
    """NaN for n points.

    Parameters
    ----------
    n : int
        Number of points.
    """
    return np.full(n, np.nan)


def _arrays(points: Points) -> dict[str, Any]:
    """The arrays of one value per point that the survey gives."""
    values = {field.name: getattr(points, field.name) for field in fields(points)}
    return {name: each for name, each in values.items() if isinstance(each, np.ndarray)}
