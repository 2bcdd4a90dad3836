"""`spark-submit jobs/prune.py DIR`, the same as `strix prune DIR`; it needs no Spark."""

import sys

from jobs.cli.prune import main

if __name__ == "__main__":
    sys.exit(main())
