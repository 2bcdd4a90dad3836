"""One `candidate` column for surveys whose own types differ."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from jobs.archive import cutout_geometry
from jobs.pipeline.enrichment.one_pass import decoder
from jobs.pipeline.surveys import LSST, SURVEYS, ZTF, candidate
from jobs.pipeline.surveys.external import with_external
from jobs.pipeline.surveys.survey import Survey

ADAPTERS = Path(__file__).resolve().parents[3] / "surveys"


@pytest.fixture
def atlas(monkeypatch: pytest.MonkeyPatch) -> Iterator[Survey]:
    """A third survey among the known ones, for one test."""
    monkeypatch.setenv("STRIX_SURVEY_PATH", str(ADAPTERS))
    surveys = with_external((ZTF, LSST))
    monkeypatch.setattr(candidate, "SURVEYS", surveys)
    _forget()
    yield surveys[-1]
    _forget()


def _forget() -> None:
    candidate._layout.cache_clear()
    candidate.candidate_type.cache_clear()


def test_a_third_survey_changes_no_field_of_the_others(atlas: Survey) -> None:
    with_it = list(candidate.candidate_type())
    of_both = {field.name: field for survey in (LSST, ZTF) for field in survey.candidate}
    assert {field.name: field for field in with_it[: len(of_both)]} == of_both
    added = [field.name for field in with_it[len(of_both) :]]
    assert added == ["mjd", "filter", "uJy", "duJy", "chiN", "obs", "mag5sig", "atlas_field", "atlas_exptime"]


def test_values_come_back_in_the_surveys_own_type(atlas: Survey) -> None:
    rows = [{"mjd": 60000.5, "field": "SV1", "exptime": 30.1, "rb": 0.25}, None]
    own = pa.array(rows, atlas.candidate)
    common = candidate.to_common(own, atlas)
    assert common.type == candidate.candidate_type()
    told = common.to_pylist()
    assert (told[0]["atlas_field"], told[0]["field"], told[0]["atlas_exptime"], told[1]) == ("SV1", None, 30.1, None)
    assert candidate.to_own(common, atlas).equals(own)


@pytest.mark.parametrize("survey", SURVEYS, ids=lambda survey: survey.name)
def test_the_surveys_of_the_package_keep_their_names(survey: Survey) -> None:
    assert all(own == stored for own, stored in candidate.stored_names(survey).items())


def test_a_process_that_lacks_a_survey_says_so() -> None:
    with pytest.raises(LookupError, match=r"knows ztf, lsst, lacks nowhere: .*STRIX_SURVEY_PATH"):
        decoder(("ztf", "nowhere"), None)


def test_cutouts_lie_as_the_survey_declares(atlas: Survey) -> None:
    # Row 0 is south, column 0 east, 1.86 arcsec: ten pixels north and east of the middle is row 30, column 10.
    place = cutout_geometry._declared(atlas.cutouts, (5000.0, 5000.0), (41, 41))
    assert place.alert == (20.0, 20.0)
    assert place.pixel(18.6, 18.6) == pytest.approx((10.0, 30.0))
    # Cropped by the detector's low edge: the middle is nearer to row 0, and an unknown place stays unknown.
    assert cutout_geometry._declared(atlas.cutouts, (5000.0, 3.0), (30, 41)).alert == (20.0, 9.0)
    assert cutout_geometry._declared(atlas.cutouts, (None, None), (30, 41)).alert is None


def test_pages_of_objects_are_those_of_names_that_they_know(atlas: Survey) -> None:
    assert atlas.objects is not None
    assert atlas.objects.of("ATLAS24ab") == [("ATLAS", "https://example.org/objects/ATLAS24ab")]
    assert atlas.objects.of("sso:4") == []
