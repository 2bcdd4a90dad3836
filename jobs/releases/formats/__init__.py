"""The formats of releases, one file each."""

from jobs.releases.format import Format
from jobs.releases.formats.archive import ARCHIVE
from jobs.releases.formats.forced import FORCED
from jobs.releases.formats.plain import ELASTICC, HATS, PLAIN
from jobs.releases.formats.ztf_dr import ZTF_DR

FORMATS: dict[str, Format] = {each.name: each for each in (ZTF_DR, FORCED, ARCHIVE, ELASTICC, PLAIN, HATS)}
