"""Answers of modules that are run over packets, some hundred at a time, as a job's task runs them."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from jobs.archive.find_cutouts import Key, Triplet
from jobs.common.times import tai_of_unix
from jobs.modules import weights
from jobs.pipeline.alerts import passes
from jobs.pipeline.enrichment.isolation import Limits, Watchdog
from jobs.pipeline.enrichment.one_pass import OnePass, PassOptions
from jobs.pipeline.surveys import SURVEY_NAMES
from jobs.reports.evaluation.answer_source import Row, Tell
from jobs.reports.evaluation.answers import FACTS, FILE
from jobs.reports.evaluation.classifier import Classifier, columns_of
from jobs.storage.data_files import night_of
from jobs.storage.schema_union import leaves
from science_modules import registry
from science_modules.common.contract import ScienceModule
from science_modules.common.cutouts import STAMPS

# A job's watchdog ends a task that Spark starts again; here nobody would: only what hangs for good is ended.
_STEP_S = 1800.0


@dataclass
class RunAnswers:
    """Modules that are run over packets, in this process, as a job's task runs them. See `AnswerSource`."""

    paths: Sequence[Path]
    names: Sequence[str]
    words: str
    schemas: str | None
    models: Path | None
    refused: "Counter[str]" = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._modules = registry.resolve(with_givers(self.names, self.models))

    def fields(self, name: str) -> list[str]:
        """The outputs of a module.

        Parameters
        ----------
        name : str
            Of its column.
        """
        return [each.name for each in registry.get(name).outputs]

    def version(self, name: str) -> str:
        """The version of a module, empty if nothing says it.

        Parameters
        ----------
        name : str
            Of its column.
        """
        return registry.get(name).version

    def pieces(self, classifiers: Sequence[Classifier], tell: Tell) -> Iterator[pa.Table]:
        """FACTS, FILE and the classifiers' columns, some rows at a time.

        Parameters
        ----------
        classifiers : sequence of Classifier
        tell : callable
            Takes the number of alerts so far.
        """
        artefacts = {module.name: weights.find(module, self.models) for module in self._modules}
        one_pass = self._pass(tuple(module.name for module in self._modules), artefacts)
        names, done = [*FACTS, FILE, *columns_of(classifiers)], 0
        for passed in passes(self.paths, one_pass):
            self.refused.update(passed.refused["reason"].to_pylist())
            done += passed.alerts.num_rows
            tell(done)
            yield leaves(passed.alerts, one_pass.schema, names)

    def _pass(self, modules: tuple[str, ...], artefacts: dict[str, dict[str, bytes]]) -> OnePass:
        options = PassOptions(SURVEY_NAMES, self.schemas, modules, tai_of_unix(time.time()))
        return OnePass(options, artefacts, Watchdog(Limits(step_s=_STEP_S)))

    def pictured(self, rows: Sequence[Row]) -> tuple[pa.Table, dict[Key, Triplet]]:
        """Some alerts with all that a picture shows; their files are read once more.

        Parameters
        ----------
        rows : sequence of Row
            Their keys.
        """
        one_pass = self._pass((), {})
        left = {(survey, alert) for survey, alert, _, _ in rows}
        files = _files_of(self.paths, rows)
        found = []
        for passed in passes(files, one_pass) if files else ():
            keys = list(zip(*(passed.alerts[name].to_pylist() for name in ("survey", "alert_id")), strict=True))
            hits = [number for number, key in enumerate(keys) if key in left and not left.remove(key)]  # type: ignore[func-returns-value]
            found.append(passed.alerts.take(pa.array(hits, pa.int64())))
            if not left:
                break
        alerts = pa.concat_tables([one_pass.schema.empty_table(), *found])
        return _in_order(alerts, rows), _triplets(alerts)


def _files_of(paths: Sequence[Path], rows: Sequence[Row]) -> list[str]:
    """The raw files of the alerts' nights; of packets the files that they came in."""
    nights = {str(night) for _, _, night, _ in rows}
    raw = [str(path) for path in paths if path.suffix == ".parquet" and night_of(path) in nights]
    return raw or sorted({_on_disk(file) for _, _, _, file in rows if file})


def _in_order(alerts: pa.Table, rows: Sequence[Row]) -> pa.Table:
    keys = zip(*(alerts[name].to_pylist() for name in ("survey", "alert_id")), strict=True)
    place = {key: number for number, key in enumerate(keys)}
    wanted = [place[(survey, alert)] for survey, alert, _, _ in rows if (survey, alert) in place]
    return alerts.take(pa.array(wanted, pa.int64()))


def _triplets(alerts: pa.Table) -> dict[Key, Triplet]:
    columns = ["survey", "alert_id", *(f"cutout_{name}" for name in STAMPS)]
    return {
        (row["survey"], row["alert_id"]): {name: row[f"cutout_{name}"] for name in STAMPS}
        for row in alerts.select(columns).to_pylist()
    }


def _on_disk(file: str) -> str:
    """The file that a packet's origin names; the archive around a member."""
    return file if Path(file).exists() else file.partition("!")[0]


def with_givers(names: Sequence[str], models: Path | None) -> list[str]:
    """Modules and those whose outputs they read; of those that they can do without, the ones whose weights are there.

    Parameters
    ----------
    names : sequence of str
        Of modules.
    models : pathlib.Path or None
        Of artefacts.
    """
    known, found = registry.folders(), list(dict.fromkeys(names))
    for name in found:
        module = registry.get(name)
        needed = [giver for giver in _givers(module.inputs) if giver in known]
        wanted = [giver for giver in _givers(module.optional_inputs) if giver in known]
        found += [each for each in needed if each not in found]
        found += [each for each in wanted if each not in found and _is_whole(registry.get(each), models)]
    return found


def _givers(inputs: Sequence[str]) -> list[str]:
    names = (name.partition(".")[0] for name in inputs if "." in name and not name.startswith("candidate."))
    return list(dict.fromkeys(names))


def _is_whole(module: ScienceModule, models: Path | None) -> bool:
    return not weights.missing(module, models)
