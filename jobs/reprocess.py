"""Reprocess: a data release through the science modules, partition by partition of the sky.

`spark-submit jobs/reprocess.py --config conf/jobs/reprocess_ztf_dr.yaml` is the same as `strix reprocess`.
"""

import sys

from jobs.common.job import RELEASE, Job

JOB = Job(
    name="reprocess",
    doc="a data release through the science modules",
    sources=(RELEASE,),
    tables=("science",),
    streams=False,
)

if __name__ == "__main__":
    from jobs.cli.reprocess import main

    sys.exit(main())
