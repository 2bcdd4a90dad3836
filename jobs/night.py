"""A night: packets of files or topics to raw, science and cutouts, in one pass; matches of filters to topics.

`spark-submit jobs/night.py --config conf/jobs/night.yaml` is the same as `strix night`.
"""

import sys

from jobs.common.job import FILES, INGESTED, TOPICS, Job

JOB = Job(
    name="night",
    doc="packets to raw, science and cutouts in one pass",
    sources=(TOPICS, INGESTED, FILES),
    tables=("raw", "science", "cutouts"),
    optional=("raw", "cutouts"),
)

if __name__ == "__main__":
    from jobs.cli.run import main

    sys.exit(main(JOB))
