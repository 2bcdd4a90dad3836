"""How like the real sky a simulation is: `strix simulate check --night DIR --lightcurves DIR --real DIR`."""

import json
from collections.abc import Sequence
from typing import Any

from jobs.cli.console import pour
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.common.local_paths import local_path
from jobs.simulation.checks import curve_check, night_check


@verb("strix simulate check")
def main(argv: Sequence[str]) -> int:
    """Print the checks' table; JSON and pictures where asked.

    Parameters
    ----------
    argv : sequence of str
        The arguments after `check`.
    """
    parser = Options(prog="strix simulate check", description=__doc__)
    parser.add_argument("--night", type=local_path, nargs="+", help="simulated nights, as files or containers")
    parser.add_argument("--lightcurves", type=local_path, help="what `strix simulate lightcurves --faint 19` wrote")
    parser.add_argument(
        "--real", type=local_path, required=True, help="holds ztf_alerts/, ztf_index.parquet, lightcurves/"
    )
    parser.add_argument("--json", type=local_path, help="file for the numbers")
    parser.add_argument("--pictures", type=local_path, help="directory for histograms")
    options = parser.parse_args(argv)
    if not (options.night or options.lightcurves):
        raise UsageError("nothing to check: --night, --lightcurves or both are needed")
    result: dict[str, Any] = {}
    if options.night:
        result |= night_check.check_nights(options.night, options.real, options.pictures)
        pour(night_check.table(result) + "\n")
    if options.lightcurves:
        found = curve_check.check_light_curves(options.lightcurves, options.real)
        result |= found
        pour(curve_check.table(found) + "\n")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    return OK
