"""The cutouts of alerts: from the table of cutouts, and where that was left out, from the packets kept in raw."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from jobs.archive.find import matching
from jobs.packets.messages import Message
from jobs.pipeline.enrichment.one_pass import decoder
from jobs.pipeline.surveys import SURVEYS
from jobs.storage.layout import Layout
from science_modules.common.cutouts import STAMPS

Key = tuple[str, int]
# science, template, difference to the bytes as received; None where the survey sent none
Triplet = Mapping[str, bytes | None]

_COLUMNS = ["survey", "alert_id", *(f"cutout_{name}" for name in STAMPS)]
# Views are made as of a time; what is later than the alert is dropped, and cutouts do not depend on it.
_FAR_FUTURE_MJD = 100_000.0


def find_cutouts(
    layout: Layout, keys: Iterable[tuple[str, int, int]], schemas: str | None = None
) -> dict[Key, Triplet]:
    """The cutouts of some alerts.

    Parameters
    ----------
    layout : Layout
        Of the output.
    keys : iterable of (survey, alert id, night)
    schemas : str, optional
        Directory of the schemas of the Confluent wire format, for packets that came in it.

    Returns
    -------
    dict
        By (survey, alert id); alerts of which the output holds neither cutouts nor packet are left out.
    """
    found: dict[Key, Triplet] = {}
    by_night: dict[int, set[Key]] = {}
    for survey, alert_id, night in keys:
        by_night.setdefault(night, set()).add((survey, alert_id))
    for night, wanted in by_night.items():
        for table in (_cutout_rows, _raw_rows):
            missing = wanted - found.keys()
            if missing:
                found |= _by_key(table(layout, night, missing, schemas), missing)
    return found


def _by_key(tables: Iterable[pa.Table], wanted: set[Key]) -> dict[Key, Triplet]:
    rows = (row for table in tables for row in table.select(_COLUMNS).to_pylist())
    return {
        (row["survey"], row["alert_id"]): {name: row[f"cutout_{name}"] for name in STAMPS}
        for row in rows
        if (row["survey"], row["alert_id"]) in wanted
    }


def _cutout_rows(layout: Layout, night: int, wanted: set[Key], schemas: str | None) -> Iterable[pa.Table]:
    for path in layout.files("cutouts", night):
        yield from matching(path, "alert_id", _ids(wanted), _COLUMNS)


def _raw_rows(layout: Layout, night: int, wanted: set[Key], schemas: str | None) -> Iterable[pa.Table]:
    decode = decoder(tuple(survey.name for survey in SURVEYS), schemas).decode
    for path in layout.files("raw", night):
        for rows in matching(path, "alert_id", _ids(wanted), ["schema", "value"]):
            messages = [Message(row["value"], row["schema"]) for row in rows.to_pylist()]
            for group in decode(messages).groups:
                yield group.survey.view(group.packets, group.versions, _FAR_FUTURE_MJD).table


def _ids(wanted: set[Key]) -> pa.Array:
    return pa.array(sorted({alert for _, alert in wanted}), type=pa.int64())
