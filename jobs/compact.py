"""`spark-submit jobs/compact.py DIR`, the same as `strix compact DIR`; it needs no Spark."""

import sys

if __name__ == "__main__":
    from jobs.cli.compact import main

    sys.exit(main())
