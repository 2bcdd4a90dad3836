"""`spark-submit jobs/ingest.py --config conf/jobs/ingest.yaml`, the same as `strix ingest`."""

import sys

from jobs.cli.run import main

if __name__ == "__main__":
    sys.exit(main("ingest"))
