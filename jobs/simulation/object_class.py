"""What a class of objects is: parameters, light, place on the sky and what stands in the reference image."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.epochs import Epochs
from jobs.simulation.reach import Reach

Floats = NDArray[np.float64]
Parameters = Mapping[str, NDArray[Any]]  # float64; long walks float32

Branch = Literal["transient", "stochastic", "periodic", "moving", "bogus"]
Counterpart = Literal["star", "host", "nucleus", "quasar", "none"]
Place = Literal["everywhere", "extragalactic", "thin_disc", "thick_disc", "halo", "star_forming", "ecliptic"]


@dataclass(frozen=True)
class ObjectClass:
    """A class of objects; each is one file of `jobs.simulation.classes`, its parameters drawn and its light summed there.

    Attributes
    ----------
    name : str
        Name in truth tables and on the command line, e.g. `sn_ia`.
    title : str
        For people, e.g. `SN Ia`.
    branch : str
        Top level of the taxonomy.
    leaf : str
        Leaf of the taxonomy of ALeRCE's light-curve classifier (SNIa, SNIbc, SNII, SLSN, QSO, AGN, Blazar, YSO,
        CV/Nova, LPV, E, DSCT, RRL, CEP, Periodic-Other), or a name of its own where that has none.
    stamp_class : str
        Class of the stamp classifier: AGN, SN, VS, asteroid or bogus.
    draw : callable
        (generator, n, reach of the survey) to n values of each parameter, as arrays of shape (n,). Every class draws
        at least `peak_mag` (transients: apparent r magnitude at maximum before extinction, with `redshift` and `t0`,
        MJD TAI of maximum) or `mean_mag` (others: apparent r magnitude of the mean flux, or in quiescence for what
        is quiet most of the time, before extinction); `period` [d] where there is one. What is of shape (n,) is
        written to the truth table; an array of shape (n, k), such as the steps of a random walk on a grid of days, is
        not.
    flux : callable
        (parameters, epochs) to the flux of the source itself at each epoch [nJy], shape (m,), before extinction,
        without host or neighbours: for a transient 0 long before it, for a variable star its whole light. Vectorised
        over epochs; parameters are per object, `epochs.of_objects` spreads them. A function of time and band alone:
        the same time asked twice, or asked with others, has the same flux; all chance is in `draw`.
    place : str
        How such objects are spread over the sky.
    counterpart : str
        What stands in the reference image at the place: the star itself, a host galaxy beside or around it, a nucleus
        in a galaxy, a quasar (a point), or nothing.
    share : float
        Share of the alerts of a night of ZTF [0 to 1] in the natural mix.
    source : str
        Where the numbers come from: the paper's short citation.
    once : bool
        Seen at its place in one exposure only (a moving object, a cosmic ray): that visit which is nearest to its
        parameter `t0` [MJD TAI]. The flux is not 0 at other times; whoever makes the visits leaves the others out.
    position : callable or None
        Parameters to right ascension and declination [deg] at `t0`, for what has a place by its parameters; None for
        what is spread over the sky as `place` says.
    """

    name: str
    title: str
    branch: Branch
    leaf: str
    stamp_class: Literal["AGN", "SN", "VS", "asteroid", "bogus"]
    draw: Callable[[np.random.Generator, int, Reach], Parameters]
    flux: Callable[[Parameters, Epochs], Floats]
    place: Place
    counterpart: Counterpart
    share: float
    source: str
    once: bool = False
    position: Callable[[Parameters], tuple[Floats, Floats]] | None = None
