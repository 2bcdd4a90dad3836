"""How like the real sky a simulation is: `strix simulate check --night DIR --lightcurves DIR --real DIR`."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobs.cli.console import pour
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.common.local_paths import local_path
from jobs.simulation.checks import curve_check, night_check

_NEEDS = (
    "What lacks leaves out its checks alone, with the reason: forests (of a night, and of light curves) need the extra `training`"
    " (scikit-learn), the published networks the weights of braai and acai (strix models add), medians and cutouts neither."
)


@verb("strix simulate check")
def main(argv: Sequence[str]) -> int:
    """Print the checks' table; JSON and pictures where asked.

    Parameters
    ----------
    argv : sequence of str
        The arguments after `check`.
    """
    parser = Options(prog="strix simulate check", description=__doc__, epilog=_NEEDS)
    parser.add_argument("--night", type=local_path, nargs="+", help="simulated nights, as files or containers")
    parser.add_argument("--lightcurves", type=local_path, help="what `strix simulate lightcurves --faint 19` wrote")
    parser.add_argument(
        "--real", type=local_path, required=True, help="holds ztf_alerts/, ztf_index.parquet, lightcurves/"
    )
    parser.add_argument(
        "--json", type=local_path, help="file for the numbers; null is what could not be made or has no number"
    )
    parser.add_argument("--pictures", type=local_path, help="directory for histograms")
    options = parser.parse_args(argv)
    if not (options.night or options.lightcurves):
        raise UsageError("nothing to check: --night, --lightcurves or both are needed")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {}
    if options.night:
        found = night_check.check_nights(options.night, options.real, options.pictures)
        pour(night_check.table(found) + "\n")
        _write(options.json, result, found)
    if options.lightcurves:
        found = curve_check.check_light_curves(options.lightcurves, options.real)
        pour(curve_check.table(found) + "\n")
        _write(options.json, result, found)
    return OK


def _write(path: Path | None, result: dict[str, Any], found: dict[str, Any]) -> None:
    """Add what was found, and write what there is so far: a check that fails after it takes nothing away."""
    not_made = result.get("not_made", {}) | found["not_made"]
    result |= found | {"not_made": not_made}
    if path:
        path.write_text(json.dumps(_without_nan(result), indent=1, allow_nan=False))


def _without_nan(value: Any) -> Any:
    """The same with null where there is no number: JSON has no NaN."""
    if isinstance(value, dict):
        return {name: _without_nan(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
