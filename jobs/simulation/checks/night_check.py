"""All checks of simulated nights against real alerts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jobs.simulation.checks.aperture_photometry import aperture_pulls
from jobs.simulation.checks.discrimination import AIM_STAMPS, GOAL_FIELDS, discrimination
from jobs.simulation.checks.halves import of_half
from jobs.simulation.checks.lacking import no_forest, no_networks
from jobs.simulation.checks.medians import medians, share_within
from jobs.simulation.checks.night_alerts import CLASSES, Alerts, real_alerts, simulated_alerts
from jobs.simulation.checks.night_pictures import draw
from jobs.simulation.checks.published_networks import braai_verdict, fractions, network_scores

Result = dict[str, Any]
GOAL_MEDIANS = 0.8


def check_nights(nights: Sequence[Path], real: Path, pictures: Path | None = None) -> Result:
    """Measure how like the real sky simulated nights are.

    Parameters
    ----------
    nights : sequence of Path
        What `strix simulate night` wrote, as files or containers.
    real : Path
        With `ztf_alerts/*.avro` and `ztf_index.parquet`. The half of the objects on which nothing was measured is used, for
        networks of classes with few of them, and for pictures, all.
    pictures : Path, optional
        Directory to draw into.

    Returns
    -------
    dict
        counts, medians, within, discrimination, networks, braai, aperture; ready for JSON. discrimination is None without
        scikit-learn, networks and braai without the published weights; `not_made` has the reason by name.

    Raises
    ------
    ArtefactError
        If there are other weights than those that were published.
    ValueError
        If a class has no simulated alert.
    """
    forest, asked = no_forest(), no_networks()
    every, simulation = real_alerts(real), simulated_alerts(nights)
    checked = of_half(every.batch.table["object_id"].to_pylist(), "check")
    sky = every.select(np.flatnonzero(checked))
    absent = [kind for kind in CLASSES if not np.any(simulation.kind == kind)]
    if absent:
        raise ValueError(
            f"{[str(night) for night in nights]} have no alert of {absent}; simulate more alerts or another mix"
        )
    scores = None if asked else {"real": network_scores(every), "simulated": network_scores(simulation)}
    rows = medians(sky, simulation)
    if pictures is not None:
        draw(pictures, every, simulation, scores)
    return {
        "counts": {"real": _counts(sky), "simulated": _counts(simulation)},
        "medians": rows,
        "within": share_within(rows),
        "discrimination": None if forest else discrimination(sky, simulation),
        "networks": scores and fractions(every, simulation, scores, checked),
        "braai": scores and braai_verdict(simulation, scores["simulated"]),
        "aperture": {"real": aperture_pulls(sky), "simulated": aperture_pulls(simulation)},
        "not_made": {
            name: why for name, why in (("discrimination", forest), ("networks", asked), ("braai", asked)) if why
        },
    }


def _counts(alerts: Alerts) -> dict[str, int]:
    return {kind: int(np.sum(alerts.kind == kind)) for kind in CLASSES}


def table(result: Result) -> str:
    """The result in lines for a terminal.

    Parameters
    ----------
    result : dict
        What `check_nights` gives.
    """
    return "\n".join([*_medians(result), *_discrimination(result), *_networks(result), *_aperture(result)])


def _medians(result: Result) -> Iterator[str]:
    yield f"1  medians: {_percent(result['within'])} of the columns within 0.5 of the real interquartile range (goal 80 %)"
    for row in result["medians"]:
        numbers = f"{row['real']:10.3f} {row['simulated']:10.3f} {row['difference']:7.2f}"
        yield f"   {row['class']:<9}{row['column']:<11}{row['n_real']:4d}{row['n_simulated']:5d} {numbers}  {_mark(row)}"


def _discrimination(result: Result) -> Iterator[str]:
    found = result["discrimination"]
    if found is None:
        yield f"2  a forest, real against simulated: not made: {result['not_made']['discrimination']}"
        return
    yield f"2  a forest, {found['n']} real against {found['n']} simulated, AUROC; an exposure's alerts in one fold"
    for name, goal in (("fields", GOAL_FIELDS), ("stamps", AIM_STAMPS)):
        at_random = f"with folds at random {found[f'{name}_at_random']:.3f}"
        yield f"   {name}: {found[f'auroc_{name}']:.3f} (goal < {goal}), {at_random}; by {', '.join(found[name])}"


def _networks(result: Result) -> Iterator[str]:
    if result["networks"] is None:
        yield f"3  published networks: not made: {result['not_made']['networks']}"
        return
    yield "3  published networks: share above 0.5 of real alerts (* of both halves), of simulated ones like them (goal within"
    yield "   0.10), and of all simulated ones"
    for row in result["networks"]:
        counts = f"{row['n_real']:4d}{' ' if row['half'] else '*'}{row['n_simulated']:5d}"
        shares = f"{row['real']:6.2f} {row['simulated']:6.2f} {row['night']:6.2f}"
        yield f"   {row['class']:<9}{row['network']:<8}{counts} {shares}  {_mark(row)}"
    verdict = result["braai"]
    above, below = _percent(verdict["real_above_0.9"]), _percent(verdict["bogus_below_0.1"])
    yield f"   braai: {above} of the simulated real above 0.9, {below} of the simulated bogus below 0.1"


def _aperture(result: Result) -> Iterator[str]:
    yield "5  aperture sums less packet flux, in sigma (goal: median |pull| 0.5 to 0.9, |median pull| < 0.2)"
    for origin, signs in result["aperture"].items():
        for sign, row in signs.items():
            numbers = f"median {row['median']:6.2f}, median |pull| {row['median_absolute']:5.2f}"
            yield f"   {origin:<10}{sign:<9}{row['n']:5d} {numbers}  {_mark(row)}"


def _mark(row: Result) -> str:
    return "" if row["ok"] is None or np.isnan(row.get("difference", 0.0)) else "ok" if row["ok"] else "MISSED"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
