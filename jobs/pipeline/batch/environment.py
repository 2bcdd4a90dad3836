"""Driver and executors must run the same programs: Python, pyarrow, science modules and the user's own surveys."""

import sys
from collections.abc import Mapping
from functools import lru_cache

import pyarrow as pa

from jobs.pipeline.surveys.external import external_hashes
from science_modules import registry


class ExecutorsDiffer(RuntimeError):
    """An executor has another Python, pyarrow or science module than the driver. Nothing of the batch was sealed."""


@lru_cache(maxsize=8)
def describe(modules: tuple[str, ...]) -> Mapping[str, str]:
    """The programs of this process by name: versions, and the hash of each module's source.

    Parameters
    ----------
    modules : tuple of str
        Names of the job's science modules.

    Returns
    -------
    mapping of str to str
        Versions of Python and pyarrow, hashes of surveys outside of the package and of modules.
    """
    described = {"python": ".".join(map(str, sys.version_info[:3])), "pyarrow": pa.__version__}
    described |= {f"survey {name}": digest for name, digest in external_hashes().items()}
    return described | {f"module {name}": registry.source_hash(name) for name in modules}


def differences(driver: Mapping[str, str], executor: Mapping[str, str]) -> str:
    """What an executor has that the driver has not, in words; empty if they are the same.

    Parameters
    ----------
    driver, executor : mapping of str to str
        As `describe` gives them in either process.
    """
    told = [
        f"{key}: driver has {mine}, executor has {executor.get(key)}"
        for key, mine in driver.items()
        if mine != executor.get(key)
    ]
    if not told:
        return ""
    what = "ship one environment to both (README, a cluster); where a version was promoted while the job ran, start it again"
    return f"driver and executors differ: {'; '.join(told)}; {what}"
