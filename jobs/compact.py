"""`spark-submit jobs/compact.py DIR`: the same as `strix compact DIR`, every table and night a task of the cluster."""

import sys

if __name__ == "__main__":
    from jobs.cli.compact import main

    sys.exit(main())
