"""Ingest: packets of files or topics to the raw table, as received; science comes later (`enrich`).

`spark-submit jobs/ingest.py --config conf/jobs/ingest.yaml` is the same as `strix ingest`.
"""

import sys

from jobs.common.job import FILES, INGESTED, TOPICS, Job

JOB = Job(
    name="ingest",
    doc="packets to raw and ledger",
    sources=(TOPICS, INGESTED, FILES),
    tables=("raw",),
    science=False,
)

if __name__ == "__main__":
    from jobs.cli.run import main

    sys.exit(main(JOB))
