"""What the adopted frequency may be an alias of: the other frequency that a one-day window or a multiple leads to."""

from dataclasses import dataclass

from science_modules.period.candidates import EVIDENCE, Candidate, related, scores
from science_modules.period.spectrum import OVERSAMPLING, Spectrum

_YEAR = 1 / 365.25
_WIDTH = 1.5  # of a peak, in 1 / span


@dataclass(frozen=True)
class Alias:
    """The best of the related frequencies.

    Attributes
    ----------
    name : str
        The alias in terms of the adopted frequency f: f - 1 is one per day lower, f / 2 the doubled period.
    frequency : float
        [1/d].
    evidence : float
        By how much the adopted frequency is better, on the scale of the BIC, which is that of chi2; never negative.
    """

    name: str
    frequency: float
    evidence: float

    @property
    def is_possible(self) -> bool:
        """Whether the evidence against it is less than very strong."""
        return self.evidence < EVIDENCE


def alias(found: list[Candidate], spectrum: Spectrum) -> Alias | None:
    """The best candidate that a one-day window, a year beside it, or a factor of two leads to from the adopted one.

    Parameters
    ----------
    found : list of Candidate
        The best first, which is the adopted one.
    spectrum : Spectrum

    Returns
    -------
    Alias or None
        None where no candidate is related.
    """
    names = list(related(found[0].frequency, spectrum))
    width = _WIDTH * OVERSAMPLING * spectrum.step
    best = scores(found)
    for candidate, score in zip(found[1:], best[1:], strict=True):
        for name, frequency in names:
            reach = width if "/" in name or name == "2 f" else width + 1.5 * _YEAR
            if abs(candidate.frequency - frequency) < reach:
                return Alias(name, candidate.frequency, score - best[0])
    return None
