"""All checks of simulated light curves against real ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jobs.measures.intervals import wilson
from jobs.simulation.checks.lacking import no_forest
from jobs.simulation.checks.positive_curves import real_curves, simulated_curves
from jobs.simulation.checks.transfer import GOAL_AGN, GOAL_SN, GOAL_VS, Classifier, transfer
from jobs.simulation.checks.variable_stars import stripe_82_curves, variable_stars

Result = dict[str, Any]


def check_light_curves(directory: Path, real: Path) -> Result:
    """Measure how like the real sky simulated light curves are.

    Parameters
    ----------
    directory : Path
        What `strix simulate lightcurves --classes all` wrote for ZTF. The real supernovae are of a survey of bright ones:
        `--faint 19`.
    real : Path
        With `lightcurves/ztf_labelled_lc.parquet` and `lightcurves/sdss_s82_rrlyrae.parquet`.

    Returns
    -------
    dict
        transfer (check 4), stripe_82 (RR Lyrae of another survey: n, VS, low, high), variable_stars (of check 1);
        ready for JSON. The first two are None without scikit-learn; `not_made` has the reason by name.

    Raises
    ------
    ValueError
        If a kind has too few simulated light curves.
    """
    stars = real / "lightcurves" / "sdss_s82_rrlyrae.parquet"
    why = no_forest()
    by_forest = ("transfer", "stripe_82")
    return {
        **(dict.fromkeys(by_forest) if why else _by_forest(directory, real, stars)),
        "variable_stars": variable_stars(directory, stars),
        "not_made": dict.fromkeys(by_forest, why) if why else {},
    }


def _by_forest(directory: Path, real: Path, stripe_82: Path) -> Result:
    simulated = simulated_curves(directory)
    number = simulated.objects["kind"].value_counts()
    short = [kind for kind in ("SN", "VS", "AGN") if number.get(kind, 0) < 50]
    if short:
        raise ValueError(
            f"{directory} has fewer than 50 light curves with 6 positive detections of {short}; simulate more"
        )
    forest = Classifier(simulated)
    called = forest.kinds(stripe_82_curves(stripe_82))
    low, high = wilson(int(np.sum(called == "VS")), len(called))
    return {
        "transfer": transfer(forest, real_curves(real / "lightcurves" / "ztf_labelled_lc.parquet")),
        "stripe_82": {"n": len(called), "VS": float(np.mean(called == "VS")), "low": low, "high": high},
    }


def table(result: Result) -> str:
    """The result in lines for a terminal.

    Parameters
    ----------
    result : dict
        What `check_light_curves` gives.
    """
    return "\n".join([*_variables(result), *_transfer(result)])


def _variables(result: Result) -> Iterator[str]:
    yield "1  variable stars: medians (goal: within 0.5 of the real interquartile range)"
    for row in result["variable_stars"]:
        counts = f"{row['n_real'] or '-':>5}{row['n_simulated']:6d}"
        numbers = f"{row['real']:9.3f} {row['simulated']:9.3f} {row['difference']:7.2f}"
        yield f"   {row['class']:<14}{row['number']:<12}{counts} {numbers}  {'ok' if row['ok'] else 'MISSED'}"


def _transfer(result: Result) -> Iterator[str]:
    found = result["transfer"]
    if found is None:
        yield f"4  trained on simulated light curves, tested on real ones: not made: {result['not_made']['transfer']}"
        return
    yield f"4  trained on {found['n_training']:,} simulated light curves, tested on real ones: called SN, VS, AGN"
    goals = {"SN": f">= {GOAL_SN}", "VS": f"<= {GOAL_VS}", "AGN": f"<= {GOAL_AGN}"}
    for row in found["rows"]:
        shares = f"{row['SN']:6.3f} {row['VS']:6.3f} {row['AGN']:6.3f}"
        interval = f"SN {row['SN_low']:.3f} to {row['SN_high']:.3f} (goal {goals[row['kind']]})"
        yield f"   {row['kind']:<5}{row['n']:5d} {shares}   {interval}"
    yield f"   balanced accuracy {found['balanced_accuracy']:.3f}; {'ok' if found['ok'] else 'MISSED'}"
    stars = result["stripe_82"]
    yield f"   RR Lyrae of Stripe 82: {stars['VS']:.3f} of {stars['n']} called VS ({stars['low']:.3f} to {stars['high']:.3f})"
    yield f"   by {', '.join(found['important'])}"
