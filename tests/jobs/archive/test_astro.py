"""astropy is loaded where it is used, and asks the network for nothing."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["jobs.cli.main", "jobs.pipeline.enrichment.one_pass", "jobs", "jobs.archive.export", "jobs.cli.show"]
)
def test_neither_the_command_nor_a_worker_loads_astropy_at_start(module):
    code = f"import sys, {module}; print(sorted(name for name in sys.modules if name.split('.')[0] == 'astropy'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_is_told_not_to_look_for_newer_tables():
    code = """
from jobs.archive.astro import astropy
astropy("time")
from astropy.utils import iers
print(iers.conf.auto_download)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
