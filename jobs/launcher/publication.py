"""Where the matches of a job go: its filters and, if it publishes, its topics; checked before anything starts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from jobs.config import ConfigError, JobConfig
from jobs.config.job import Job
from jobs.pipeline.decode.registry import Registry
from jobs.pipeline.filters import Filter, load_filters
from jobs.pipeline.filters.examples import require_examples
from jobs.pipeline.filters.judging import Budget
from jobs.pipeline.sinks.kafka.publishing import Publishing
from jobs.pipeline.sinks.kafka.sink import KafkaSink
from jobs.pipeline.sinks.matches.sink import MatchSink
from jobs.pipeline.sinks.sink import Sink
from jobs.services.jars import cache
from jobs.storage.layout import Layout


@dataclass(frozen=True)
class Publication:
    """The filters of a job, and where their matches are published."""

    filters: tuple[Filter, ...] = ()
    publishing: Publishing | None = None
    budget: Budget = field(default_factory=Budget)

    @classmethod
    def of(cls, job: Job, config: JobConfig, modules: Sequence[str]) -> "Publication":
        """What a configuration asks for.

        Raises
        ------
        ConfigError, FilterError, SettingsError
            With everything that is wrong.
        """
        if config.filters.publish and not config.filters.filters:
            raise ConfigError("publish says where matches go, and there are no filters; give --filters DIRECTORY")
        if not config.filters.filters:
            return cls()
        if not job.science:
            raise ConfigError(f"filters need science, {job.name} has none; use night or enrich")
        filters = load_filters(config.filters.filters, modules)
        asking = [each.name for each in filters if each.cutouts]
        if asking and config.filters.publish and not config.tables.cutouts:
            raise ConfigError(f"filters {', '.join(asking)} send cutouts, and cutouts is false")
        asked = Registry.of(config.source.registry, cache() / "schemas")
        publishing = (
            Publishing.of(config.filters.publish, config.source.kafka, asked) if config.filters.publish else None
        )
        return cls(filters, publishing, Budget(seconds=config.filters.filter_timeout_s))

    def sinks(
        self, spark: SparkSession, layout: Layout, stream: str, surveys: Sequence[str], durable: bool
    ) -> list[Sink]:
        """The sinks of a stream, in the order in which a batch goes through them.

        Raises
        ------
        FilterError
            If a filter does not give for its own examples what it claims. Real alerts are not at hand when a job starts:
            those examples are `strix filter check`'s.
        """
        if not self.filters:
            return []
        require_examples(spark, self.filters)
        sinks: list[Sink] = [MatchSink(spark, layout, stream, self.filters, durable, budget=self.budget)]
        if self.publishing is not None:
            settings = self.publishing.settings
            topics = [settings.topic(survey, each.name) for each in self.filters for survey in surveys]
            sinks.append(
                KafkaSink(
                    layout,
                    stream,
                    self.publishing.connection,
                    settings,
                    topics,
                    self.publishing.format,
                    durable=durable,
                )
            )
        return sinks

    @property
    def versions(self) -> dict[str, str]:
        """The version of each filter, for the ledger."""
        return {each.name: each.version for each in self.filters}

    @property
    def names(self) -> tuple[str, ...]:
        """The sinks of every batch, for the ledger: a batch that is sealed with one must not be closed without it unsaid."""
        if not self.filters:
            return ()
        return (MatchSink.name, KafkaSink.name) if self.publishing is not None else (MatchSink.name,)
