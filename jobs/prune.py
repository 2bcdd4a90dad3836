"""`spark-submit jobs/prune.py DIR`, the same as `strix prune DIR`; it needs no Spark."""

import sys

if __name__ == "__main__":
    from jobs.cli.prune import main

    sys.exit(main())
