"""What is measured: packets, modules with their weights, and the machine that it is measured on."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import onnxruntime
import pyarrow as pa
import pyspark

from jobs.bench.packets import packets_in
from jobs.config import JobConfig, load
from jobs.launcher.science import Science, prepare_science
from jobs.packets.ranges import Range
from jobs.packets.reading import SourceMessage, batched
from jobs.pipeline.batch.stage import CHUNK_BYTES, CHUNK_MESSAGES
from jobs.pipeline.enrichment.isolation import Limits, Watchdog
from jobs.pipeline.enrichment.one_pass import OnePass, PassOptions
from jobs.pipeline.sources.files.opened import OpenFile
from jobs.pipeline.sources.readers import read_ranges
from jobs.pipeline.surveys import SURVEY_NAMES
from jobs.storage.data_files import files_of_folder

NOW_MJD = 70_000.0  # behind all packets


@dataclass(frozen=True)
class Bench:
    """What the command line asked for.

    Attributes
    ----------
    alerts : int
        How many simulated alerts.
    repeats : int
        How often each measurement is made.
    packets : pathlib.Path
        Where packets are kept between runs.
    modules : tuple of str
        Science modules of the job.
    models : str
        The models directory.
    model_sources : tuple of str
        Where published weights are looked for.
    schemas : str, optional
        Directory of the schemas of the Confluent wire format.
    real : tuple of str
        Files or directories of real packets to use instead of simulated ones.
    batch : int
        Alerts of a batch, where a stream is measured batch by batch.
    """

    alerts: int
    repeats: int
    packets: Path
    modules: tuple[str, ...]
    models: str
    model_sources: tuple[str, ...]
    schemas: str | None = None
    real: tuple[str, ...] = ()
    batch: int = 100

    def files(self, alerts: int | None = None) -> list[Path]:
        """The files to read.

        Parameters
        ----------
        alerts : int, optional
            How many alerts of simulated packets, instead of those asked for; real packets are all given.
        """
        if self.real:
            return [file for name in self.real for file in _containers(Path(name))]
        return packets_in(self.packets, alerts or self.alerts)

    def files_of_release(self) -> list[Path]:
        """The real files of a data release: those that are named, and the Parquet files of folders."""
        named = map(Path, self.real)
        found = [file for each in named for file in (files_of_folder(each) if each.is_dir() else [each])]
        return [file for file in found if "subset" not in file.name]  # a part of another one of ZTF's files

    def config(self, output: Path, **more: Any) -> JobConfig:
        """A night's configuration.

        Parameters
        ----------
        output : pathlib.Path
            Where the job writes.
        **more
            Further settings of the job, or others for those that are here.
        """
        return load(
            None,
            {
                "input": [str(file) for file in self.files()],
                "output": str(output),
                "modules": self.modules,
                "models": self.models,
                "model_sources": self.model_sources,
                "schemas": self.schemas,
                "missing_models": "skip",
                **more,
            },
        )

    def science(self) -> Science:
        """The modules, with their weights."""
        return prepare_science(self.config(Path()).science)

    def one_pass(self, science: Science, watchdog: Watchdog | None = None) -> OnePass:
        """The pass that a task of a job runs, in this process.

        Parameters
        ----------
        science : Science
            What `science` gives.
        watchdog : Watchdog, optional
            Is told which step begins; by default one that does nothing else.
        """
        options = PassOptions(SURVEY_NAMES, self.schemas, science.names, NOW_MJD)
        return OnePass(options, science.artefacts, watchdog or Watchdog(Limits()))


def _containers(path: Path) -> Sequence[Path]:
    return sorted(path.rglob("*.avro")) if path.is_dir() else [path]


def passes_of(files: Sequence[Path]) -> list[list[SourceMessage]]:
    """The messages of the files, as a task puts them together for its passes.

    Parameters
    ----------
    files : sequence of pathlib.Path
        With packets; read whole.
    """
    read = read_ranges([_range(str(file)) for file in files])
    return list(batched((each for each in read if isinstance(each, SourceMessage)), CHUNK_MESSAGES, CHUNK_BYTES))


def _range(path: str) -> Range:
    with OpenFile(path) as file:
        found = list(file.units(0))
        return Range(file.kind, path, 0, sum(unit.count for unit in found), 0, found[-1].end)


def machine() -> dict[str, Any]:
    """What the numbers were taken on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "pyspark": pyspark.__version__,
        "pyarrow": pa.__version__,
        "onnxruntime": onnxruntime.__version__,
        "numba": numba.__version__,
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
