"""Answers to alerts that lack something or hold nonsense: an answer or a reason, and the neighbours' bits stay."""

import numpy as np
import pyarrow as pa

from science_modules import golden
from science_modules.common import examples
from science_modules.common.results import NO_VALUE
from science_modules.suite.cases import Case
from science_modules.suite.same_answers import check_same


def check_odd_alerts(case: Case) -> None:
    """No points, one point, NaN, NULL, missing, unreadable and misshapen cutouts: an answer or a reason, never a raise.

    And beside ordinary alerts they change no bit of those.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    for survey, alerts in case.alerts.items():
        ordinary = case.bits(alerts)
        for name, odd in _odd_alerts(case, survey).items():
            answers = case.run(odd).to_pylist()
            silent = [answer for answer in answers if answer["error"] == NO_VALUE]
            assert not silent, f"{survey}, {name}: an alert has neither value nor reason"
            mixed = case.bits(pa.concat_tables([odd.slice(0, 5), alerts, odd.slice(5)]))
            check_same(ordinary, mixed[5 : 5 + len(alerts)], f"{survey}, beside alerts with {name}")


def check_blank_stamps(case: Case) -> None:
    """A module that reads cutouts gives a reason, and no answer, where one of them says nothing.

    See `cutouts.Stamps.unusable`, which has the reasons.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    if "cutouts" not in case.module.inputs:
        return
    for survey, alerts in case.alerts.items():
        for kind, image in (("zero", np.zeros((63, 63))), ("constant", np.full((63, 63), 100.0))):
            for name in golden.STAMP_COLUMNS:
                at = alerts.schema.get_field_index(name)
                blank = pa.array([examples.fits_stamp(image)] * len(alerts), pa.binary())
                answers = case.run(alerts.set_column(at, alerts.schema.field(at), blank)).to_pylist()
                spoken = [answer for answer in answers if not answer["error"]]
                assert not spoken, f"{survey}: {len(spoken)} alerts have an answer, and their {name} is {kind}"


def _odd_alerts(module_case: Case, survey: str) -> dict[str, pa.Table]:
    alerts = examples.examples(9, survey, seed=7)
    misshapen = examples.fits_stamp(examples.point_source((48, 61), 100, 2.5))
    odd = {
        "no points": examples.without_points(alerts),
        "one point": examples.with_one_point(alerts),
        "NaN": examples.with_nan(alerts),
        "NULL": examples.with_nulls(alerts),
        "missing stamps": examples.with_cutouts(alerts, None),
        "unreadable stamps": examples.with_cutouts(alerts, b"no FITS"),
        "misshapen stamps": examples.with_cutouts(alerts, misshapen),
        "NaN stamps": examples.with_cutouts(alerts, examples.fits_stamp(np.full((63, 63), np.nan))),
    }
    return {name: module_case.visible(table) for name, table in odd.items()}
