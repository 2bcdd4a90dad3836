"""Points of a data release beside those of an object's alerts."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.archive.alert import Alert, Curve

RELEASE = "release"  # the kind of such a point
COLUMNS = tuple(f"lc_{name}" for name in ("mjd", "band", "kind", "flux", "flux_err", "flux_total", "flux_total_err"))


def with_release(alert: Alert, stars: pa.Table) -> Alert:
    """The alert with the measurements of stars of a release in its light curve, upper limits left out.

    Parameters
    ----------
    alert : Alert
        As a picture shows it.
    stars : pyarrow.Table
        With COLUMNS, of the output of `strix reprocess`.
    """
    flat = {name: pc.list_flatten(stars[name]).combine_chunks() for name in COLUMNS}
    measured = pc.fill_null(pc.not_equal(flat["lc_kind"], "upper_limit"), True)
    mjd, flux, flux_err, total, total_err = (
        np.asarray(flat[name].filter(measured).to_numpy(zero_copy_only=False), dtype=np.float64)
        for name in ("lc_mjd", "lc_flux", "lc_flux_err", "lc_flux_total", "lc_flux_total_err")
    )
    band = np.array([each or "" for each in flat["lc_band"].filter(measured).to_pylist()], dtype=np.str_)
    kind = np.full(len(mjd), RELEASE)
    more = Curve(mjd, band, kind, flux, flux_err, total, total_err)
    names = ("mjd", "band", "kind", "flux", "flux_err", "total", "total_err")
    joined = Curve(*(np.concatenate([getattr(alert.curve, name), getattr(more, name)]) for name in names))
    return replace(alert, curve=joined.where(np.argsort(joined.mjd, kind="stable")))
