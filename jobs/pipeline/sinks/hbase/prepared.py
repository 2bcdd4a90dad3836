"""What a job says of HBase, checked before it starts."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from jobs.packets.problems import ServiceUnavailable
from jobs.pipeline.sinks.hbase import HBASE
from jobs.pipeline.sinks.hbase.sink import StoreSink
from jobs.pipeline.sinks.sink import JobFacts, SinkContext, SinkRefused
from jobs.store.settings import StoreSettings, settings_of
from jobs.store.writing import require_tables


@dataclass(frozen=True)
class PreparedStore:
    """Where a job's alerts go."""

    settings: StoreSettings
    name: str = HBASE.name
    versions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, section: Mapping[str, str], job: JobFacts) -> "PreparedStore":
        """What a configuration asks for.

        Parameters
        ----------
        section : mapping of str to str
            `hbase:` of the configuration.
        job : JobFacts
            It has to write science, and cutouts if they are asked for.

        Raises
        ------
        SinkRefused
            If it does not.
        ValueError
            If a key is unknown or a value cannot be.
        """
        settings = settings_of(section)
        if "science" not in job.tables:
            raise SinkRefused(f"hbase needs science, {job.job} has none; use night or enrich")
        if settings.cutouts and "cutouts" not in job.tables:
            raise SinkRefused(f"hbase wants cutouts, {job.job} writes none; cutouts: true, or hbase without cutouts")
        return cls(settings)

    def open(self, context: SinkContext) -> StoreSink:
        """The sink of a stream.

        Parameters
        ----------
        context : SinkContext
            Tasks of its session write.

        Raises
        ------
        StoreRefused
            If HBase answers that it has no such tables. One that does not answer yet is waited for by the first batch.
        """
        with suppress(ServiceUnavailable):
            require_tables(self.settings.address, self.settings.namespace)
        return StoreSink(context.spark, context.layout, self.settings)
