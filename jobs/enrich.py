"""Enrich: raw packets to science and cutouts, following the ledger of an ingest that may still run.

`spark-submit jobs/enrich.py --config conf/jobs/enrich.yaml` is the same as `strix enrich`.
"""

import sys

from jobs.common.job import INGESTED, RAW_FILES, Job

JOB = Job(
    name="enrich",
    doc="raw packets to science, following the ledger of ingest",
    sources=(INGESTED, RAW_FILES),
    tables=("science", "cutouts"),
    optional=("cutouts",),
    follows="ingest",
    rescores=True,
)

if __name__ == "__main__":
    from jobs.cli.run import main

    sys.exit(main(JOB))
