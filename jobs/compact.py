"""`spark-submit jobs/compact.py DIR`, the same as `strix compact DIR`; it needs no Spark."""

import sys

from jobs.cli.compact import main

if __name__ == "__main__":
    sys.exit(main())
