"""Where a job's matches are published, checked before it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobs.pipeline.sinks.kafka import KAFKA
from jobs.pipeline.sinks.kafka.publishing import Publishing
from jobs.pipeline.sinks.kafka.sink import KafkaSink
from jobs.pipeline.sinks.matches import FILTERS
from jobs.pipeline.sinks.matches.prepared import PreparedFilters
from jobs.pipeline.sinks.sink import JobFacts, SinkContext, SinkRefused


@dataclass(frozen=True)
class PreparedTopics:
    """Topics for the matches of a job's filters.

    Attributes
    ----------
    filters : tuple of str
        Names of the filters: their topics are made at the start, so that listeners find them.
    """

    publishing: Publishing
    filters: tuple[str, ...]
    name: str = KAFKA.name
    versions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, section: Mapping[str, str], job: JobFacts) -> "PreparedTopics":
        """What a configuration asks for.

        Parameters
        ----------
        section : mapping of str to str
            `publish` of the configuration.
        job : JobFacts
            Its filters are prepared already.

        Raises
        ------
        SinkRefused
            If the job has no filters, or filters that send cutouts that it does not write.
        SettingsError
            For an unknown key or a value that cannot be.
        """
        filters = job.earlier.get(FILTERS.name)
        if not isinstance(filters, PreparedFilters):
            raise SinkRefused("publish says where matches go, and there are no filters; give --filters DIRECTORY")
        asking = [each.name for each in filters.filters if each.cutouts]
        if asking and "cutouts" not in job.tables:
            raise SinkRefused(f"filters {', '.join(asking)} send cutouts, and cutouts is false")
        publishing = Publishing.of(section, job.brokers, job.registry)
        return cls(publishing, tuple(filters.versions))

    def open(self, context: SinkContext) -> KafkaSink:
        """The sink of a stream; brokers are asked for nothing yet.

        Parameters
        ----------
        context : SinkContext
            Topics are made for its surveys.
        """
        settings = self.publishing.settings
        topics = [settings.topic(survey, name) for name in self.filters for survey in context.surveys]
        return KafkaSink(
            context.layout,
            context.stream,
            self.publishing.connection,
            settings,
            topics,
            self.publishing.format,
            durable=context.durable,
        )
