"""What `strix reprocess` is told: which release, which part of it, which modules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobs.config.job_config import Sections
from jobs.config.keys import Section, key, path_key
from jobs.config.sections import LimitsConfig, ScienceConfig, SparkConfig
from jobs.pipeline.surveys import SURVEY_NAMES
from jobs.releases.formats import FORMATS
from jobs.releases.plan import PARTITION_POINTS


@dataclass(frozen=True)
class ReleaseConfig(Section):
    """Which release, and which part of it."""

    input: tuple[str, ...] = path_key(
        (), "files, directories and patterns of the release; of format archive: a job's output"
    )
    output: str = path_key("data/release", "directory of the science table; a run that was killed goes on there")
    format: str = key("ztf_dr", "how the release is written", tuple(FORMATS))
    survey: str = key("ztf", "whose telescope, where the format leaves it open", SURVEY_NAMES)
    columns: Mapping[str, str] = key(
        dict, "of format plain: object_id, mjd, band, flux or mag, ... and which column of the files it is"
    )
    strict: bool = key(False, "only epochs without any flag (ZTF: catflags = 0 instead of bit 32768 not set)")
    baseline: str | None = key(
        None,
        "MJD; of format forced: subtract each series' median flux of the epochs before it, or `auto`: of quiescent epochs"
        " far from the maximum; without it no baseline is subtracted",
    )
    limit: int | None = key(None, "stars; no more than these, for a first look", least=1)
    healpix: tuple[str, ...] = key((), "only these HEALPix pixels, ORDER/PIXEL, NESTED")
    where: str | None = key(None, "SQL condition over the columns of the view, such as `n_detections > 20`")
    options: Mapping[str, str] = key(
        dict, "of modules, MODULE.NAME=VALUE as period.fmax=72; `strix module show MODULE` names them"
    )
    without_light_curves: bool = key(
        False,
        "leave the columns lc_ out of the output; what modules say stays",
    )
    partition_points: int = key(
        PARTITION_POINTS, "points; about the size of a partition, which one task holds", least=1
    )
    retry: bool = key(False, "read partitions again that an earlier run quarantined")


@dataclass(frozen=True)
class ReprocessConfig(Sections):
    """What `strix reprocess` is told."""

    release: ReleaseConfig = field(default_factory=ReleaseConfig)
    science: ScienceConfig = field(default_factory=ScienceConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    spark: SparkConfig = field(default_factory=SparkConfig)
