"""`spark-submit jobs/enrich.py --config conf/jobs/enrich.yaml`, the same as `strix enrich`."""

import sys

from jobs.cli.run import main

if __name__ == "__main__":
    sys.exit(main("enrich"))
