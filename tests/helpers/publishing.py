"""A night that is published through 25 filters, and what its topics should hold, worked out by DuckDB and plain Python."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml
from duckdb_reader import rows as duckdb_rows
from topic_reader import matches, order_problems, read_topics

from jobs.audit.check import check_ledger
from jobs.ledger.streams import records
from jobs.simulation import simulate
from jobs.storage.layout import Layout

MODULES = "stetson_k"
ALERTS, LIMIT = 100, 20
# Columns that are never NULL nor NaN in simulated packets, so that DuckDB and Spark mean the same.
CONDITIONS = {
    "everything": "n_detections >= 1",
    "positive": "is_positive",
    "bright": "mag < 19",
    "faint": "mag >= 19",
    "green": "band = 'g'",
    "north": "dec > 0",
    "never": "ra > 400",
    "many": "n_detections > 5 AND mag < 20.5",
    **{f"slice_{at}": f"ra >= {24 * at} AND ra < {24 * at + 40}" for at in range(15)},
}
ONCE, FEW, MOST_FEW = "once", "few", 7


@dataclass(frozen=True)
class Published:
    """A published night: packets, filters, topics' prefix."""

    packets: Path
    filters: Path
    bootstrap: str
    prefix: str

    @classmethod
    def prepare(cls, directory: Path, bootstrap: str, prefix: str) -> "Published":
        """Write packets and filters."""
        simulate(directory / "packets", ALERTS, 7, "containers", 10)
        filters = directory / "filters"
        filters.mkdir()
        about = {"description": "test", "owner": "test"}
        for name, where in CONDITIONS.items():
            content = {**about, "where": where, "annotations": {"brightness": "mag"}}
            (filters / f"{name}.yaml").write_text(yaml.safe_dump(content))
        once = {**about, "where": "is_positive", "per_object": "first"}
        (filters / f"{ONCE}.yaml").write_text(yaml.safe_dump(once))
        few = {**about, "where": "mag < 20", "max_per_night": MOST_FEW}
        (filters / f"{FEW}.yaml").write_text(yaml.safe_dump(few))
        assert len(list(filters.iterdir())) == 25
        return cls(directory / "packets", filters, bootstrap, prefix)

    def arguments(self, output: Path, *more: str) -> list[str]:
        """Verb and options of a job over it."""
        fixed = [
            "night",
            "--input",
            str(self.packets),
            "--output",
            str(output),
            "--modules",
            MODULES,
            "--settle-s",
            "0",
        ]
        publish = f"bootstrap={self.bootstrap},prefix={self.prefix}"
        own = ["--filters", str(self.filters), "--publish", publish, "--survey", "ztf"]
        return [*fixed, *own, "--max-alerts-per-batch", str(LIMIT), *more]

    def problems(self, output: Path) -> list[str]:
        """What is wrong with topics, archive and ledger; empty if all is well."""
        read = read_topics(self.bootstrap, f"{self.prefix}.ztf.")
        found, wanted = matches(read), expected(output, f"{self.prefix}.ztf.")
        told = [f"{len(found)} in topics, none wanted"] if found and not wanted else []
        told += [f"twice: {each}" for each, count in found.items() if count > 1]
        told += [f"missing: {each}" for each in wanted - set(found)]
        told += [f"strange: {each}" for each in set(found) - wanted]
        told += order_problems(read)
        told += [str(gap) for gap in check_ledger(Layout(output)).gaps]
        told += _ledger_problems(output, found)
        return told


def expected(output: Path, prefix: str) -> set[tuple[str, int]]:
    """Topic and alert of every match in the archive."""
    archive = f"read_parquet('{output}/science/*/*.parquet', union_by_name=true)"
    wanted = set()
    *matched, alerts = duckdb_rows(
        *(f"SELECT alert_id FROM {archive} WHERE {where}" for where in CONDITIONS.values()),
        f"SELECT alert_id, object_id, mjd, night, is_positive, mag FROM {archive}",
    )
    for name, found in zip(CONDITIONS, matched, strict=True):
        wanted |= {(prefix + name, row[0]) for row in found}
    batch_of = _batches(output)
    in_order = sorted(alerts, key=lambda row: (batch_of[row[0]], row[2], row[0]))
    seen: set[str] = set()
    nights: Counter[int] = Counter()
    for alert_id, object_id, _, night, positive, mag in in_order:
        if positive and object_id not in seen:
            seen.add(object_id)
            wanted.add((prefix + ONCE, alert_id))
        if mag < 20 and nights[night] < MOST_FEW:
            nights[night] += 1
            wanted.add((prefix + FEW, alert_id))
    return wanted


def _batches(output: Path) -> dict[int, int]:
    """The batch that committed each alert, from the ledger's id files."""
    paths = sorted(output.glob("ledger/*/*.ids.parquet"))
    found = duckdb_rows(*(f"SELECT alert_id FROM '{path}'" for path in paths))
    return {row[0]: int(path.name.split(".")[0]) for path, ids in zip(paths, found, strict=True) for row in ids}


def _ledger_problems(output: Path, found: Counter[tuple[str, int]]) -> list[str]:
    """Where the ledger's counts of topics are not what the topics hold."""
    told: Counter[str] = Counter()
    for record in records(Layout(output)):
        told.update(record.sinks["kafka"]["topics"])
    held = Counter(topic for topic, _ in found)
    return [] if told == held else [f"ledger {json.dumps(told)}, topics {json.dumps(held)}"]
