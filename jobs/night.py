"""`spark-submit jobs/night.py --config conf/jobs/night.yaml`, the same as `strix night`."""

import sys

from jobs.cli.run import main

if __name__ == "__main__":
    sys.exit(main("night"))
