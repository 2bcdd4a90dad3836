"""How like the real sky a simulated night is: `strix simulate check --night DIR --real DIR`."""

import json
from collections.abc import Sequence

from jobs.cli.console import pour
from jobs.cli.frame import OK, Options, verb
from jobs.common.local_paths import local_path
from jobs.simulation.checks.night_check import check_nights, table


@verb("strix simulate check")
def main(argv: Sequence[str]) -> int:
    """Print the checks' table; JSON and pictures where asked.

    Parameters
    ----------
    argv : sequence of str
        The arguments after `check`.
    """
    parser = Options(prog="strix simulate check", description=__doc__)
    parser.add_argument(
        "--night", type=local_path, nargs="+", required=True, help="simulated nights, as files or containers"
    )
    parser.add_argument("--real", type=local_path, required=True, help="holds ztf_alerts/ and ztf_index.parquet")
    parser.add_argument("--json", type=local_path, help="file for the numbers")
    parser.add_argument("--pictures", type=local_path, help="directory for histograms")
    options = parser.parse_args(argv)
    result = check_nights(options.night, options.real, options.pictures)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    pour(table(result) + "\n")
    return OK
