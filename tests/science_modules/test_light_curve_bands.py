"""Bands beyond u to y: modules that compare bands need not know them, those with a column per band leave them out."""

import pyarrow as pa

from science_modules import registry
from science_modules.common import examples
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.light_curves import light_curves
from science_modules.common.view import LIGHT_CURVE
from science_modules.stetson_k import own_detections


def in_bands(bands: list[list[str | None]], own: list[str | None]) -> pa.Table:
    """Alerts whose light curves are detections in these bands."""
    n_points = [len(each) for each in bands]
    alerts = [
        {
            "survey": "any",
            "alert_id": number,
            "object_id": "one",
            "band": band,
            **{column.name: [None] * n for column in LIGHT_CURVE},
            "lc_mjd": [60000.0 + day for day in range(n)],
            "lc_band": letters,
            "lc_kind": ["detection"] * n,
            "lc_flux": [1000.0 + 100 * day for day in range(n)],
            "lc_flux_err": [10.0] * n,
        }
        for number, (letters, band, n) in enumerate(zip(bands, own, n_points, strict=True))
    ]
    return examples.table(alerts, "any")


def test_other_letters_are_told_apart_and_are_no_index_of_bands() -> None:
    curves = light_curves(in_bands([["o", "c", "g", None], ["c"]], ["o", "c"]))
    assert curves.others == ("c", "o")
    assert curves.band.tolist() == [-3, -2, 1, -1, -2]
    assert curves.codes(["c", "o", "g", "q", None]).tolist() == [-2, -3, 1, -1, -1]
    assert curves.in_band("c").counts.tolist() == [1, 1]
    assert curves.in_band("q").counts.tolist() == [0, 0]  # nor the point without a band
    assert light_curves(in_bands([["g", "r"]], ["g"])).others == ()


def test_stetson_k_takes_the_alerts_own_band_whatever_its_letter() -> None:
    batch = AlertBatch(in_bands([["o", "o", "c", "o"], ["c", "q", "c"], [None, "g"]], ["o", "c", None]))
    assert own_detections(batch).counts.tolist() == [3, 2, 0]


def test_modules_that_name_no_survey_serve_every_survey() -> None:
    serving = [name for name in registry.names() if not registry.get(name).surveys]
    assert {"stetson_k", "lc_features", "rise"} <= set(serving)
