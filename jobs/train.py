"""Train: a model from labelled data to a folder that `strix models add --from` takes.

`spark-submit jobs/train.py NAME --config conf/training/NAME.yaml` is the same as `strix train NAME ...`.
"""

import sys

if __name__ == "__main__":
    from jobs.cli.train import main

    sys.exit(main())
