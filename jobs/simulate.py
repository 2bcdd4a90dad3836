"""`spark-submit jobs/simulate.py VERB ...`: the same as `strix simulate VERB ...`."""

import sys

if __name__ == "__main__":
    from jobs.cli.simulate import main

    sys.exit(main(sys.argv[1:]))
