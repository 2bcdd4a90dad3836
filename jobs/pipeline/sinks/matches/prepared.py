"""The filters of a job, checked before it starts."""

from dataclasses import dataclass, field

from jobs.pipeline.filters import Filter, load_filters
from jobs.pipeline.filters.examples import require_examples
from jobs.pipeline.filters.judging import Budget
from jobs.pipeline.sinks.matches import FILTERS, FilterSection
from jobs.pipeline.sinks.matches.sink import MatchSink
from jobs.pipeline.sinks.sink import JobFacts, SinkContext, SinkRefused


@dataclass(frozen=True)
class PreparedFilters:
    """Filters that have been read, and what each may take."""

    filters: tuple[Filter, ...]
    budget: Budget = field(default_factory=Budget)
    name: str = FILTERS.name

    @classmethod
    def of(cls, section: FilterSection, job: JobFacts) -> "PreparedFilters":
        """What a configuration asks for.

        Parameters
        ----------
        section : FilterSection
            Of the configuration.
        job : JobFacts
            Filters may use its modules' outputs.

        Raises
        ------
        SinkRefused
            If the job writes no science.
        FilterError
            With everything that is wrong in the filters' files.
        """
        if "science" not in job.tables:
            raise SinkRefused(f"filters need science, {job.job} has none; use night or enrich")
        return cls(load_filters(section.path, job.modules), Budget(seconds=section.timeout_s))

    @property
    def versions(self) -> dict[str, str]:
        """The version of each filter."""
        return {each.name: each.version for each in self.filters}

    def open(self, context: SinkContext) -> MatchSink:
        """The sink of a stream.

        Parameters
        ----------
        context : SinkContext
            Its session evaluates the filters.

        Raises
        ------
        FilterError
            If a filter does not give for its own examples what it claims. Real alerts are not at hand when a job
            starts: those examples are `strix filter check`'s.
        """
        require_examples(context.spark, self.filters)
        return MatchSink.of(self.filters, self.budget, context)
