"""Addresses of pages about an object."""

from urllib.parse import parse_qs, urlsplit

import pytest

from jobs.archive.links import links


def test_each_survey_has_its_own_pages():
    ztf = dict(links("ztf", "ZTF18abcdefg", 1.5, -2.5, False))
    assert list(ztf) == ["ALeRCE", "Fink", "Lasair", "SIMBAD", "TNS", "Aladin"]
    assert ztf["Lasair"] == "https://lasair-ztf.lsst.ac.uk/objects/ZTF18abcdefg/"
    lsst = dict(links("lsst", "170028527140864036", 1.5, -2.5, False))
    assert lsst["ALeRCE"] == "https://lsst.alerce.online/object/170028527140864036?survey=lsst"
    assert lsst["Fink"] == "https://lsst.fink-portal.org/170028527140864036"
    assert parse_qs(urlsplit(ztf["SIMBAD"]).query)["Coord"] == ["1.500000 -2.500000"]
    assert parse_qs(urlsplit(ztf["TNS"]).query)["decl"] == ["-2.500000"]


@pytest.mark.parametrize(
    "name", ["sso:12", "src:7", "javascript:alert(1)", 'ZTF18abcdefg"><script>', "../x", "ZTF18abcdefg\n"]
)
def test_a_name_that_is_none_of_the_survey_has_pages_by_position_alone(name):
    for survey in ("ztf", "lsst", "other"):
        found = dict(links(survey, name, 1.0, 2.0, False))
        assert list(found) == ["SIMBAD", "TNS", "Aladin"]
        assert all(address.startswith("https://") for address in found.values())


def test_what_no_telescope_saw_or_has_no_position_has_none():
    assert links("ztf", "ZTF18abcdefg", 1.0, 2.0, True) == []
    assert [name for name, _ in links("ztf", "ZTF18abcdefg", None, None, False)] == ["ALeRCE", "Fink", "Lasair"]
