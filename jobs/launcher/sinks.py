"""What a configuration says of sinks, by the key that asks for each."""

import dataclasses

from jobs.common.job import Job
from jobs.config import JobConfig
from jobs.pipeline.decode.registry import Registry
from jobs.pipeline.sinks.matches import FilterSection
from jobs.pipeline.sinks.registry import prepare_sinks
from jobs.pipeline.sinks.sink import JobFacts, PreparedSink
from jobs.services.jars import cache


def sinks_of(
    job: Job, config: JobConfig, tables: tuple[str, ...], modules: tuple[str, ...]
) -> tuple[PreparedSink, ...]:
    """The sinks that a job's batches go to, checked.

    Parameters
    ----------
    job : Job
    config : JobConfig
    tables, modules : tuple of str
        What the job writes and runs.

    Raises
    ------
    ValueError
        With everything that is wrong with a section.
    """
    own = config.filters
    sections = {each.name: getattr(config.sinks, each.name) for each in dataclasses.fields(config.sinks)}
    sections["filters"] = FilterSection(own.filters, own.filter_timeout_s) if own.filters else None
    sections["publish"] = own.publish
    registry = Registry.of(config.source.registry, cache() / "schemas")
    source = config.source
    return prepare_sinks(sections, JobFacts(job.name, tables, modules, source.surveys, source.kafka, registry))
