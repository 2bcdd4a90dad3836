"""What a survey's adapter declares: how to know its packets, what it maps of them, and what is said about the survey.

docs/surveys.md says how to write one. `Survey.read` maps fields; `surveys.assemble` does with them what is done for
every survey.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from jobs.pipeline.surveys.assemble import AdapterResult, assemble
from jobs.pipeline.surveys.nights import NightRule
from jobs.pipeline.surveys.placing import PublishedNames
from jobs.pipeline.surveys.read import Read

__all__ = ["AdapterResult", "CutoutGeometry", "NightRule", "ObjectPages", "PublishedNames", "Read", "Survey"]


@dataclass(frozen=True)
class CutoutGeometry:
    """How a survey's cutouts lie on the sky, and which sign its differences have.

    Parameters
    ----------
    pixel_arcsec : float or None
        Side of a pixel; None where each cutout's FITS header holds its WCS, and the rest of the geometry.
    side : int
        Pixels of a side that no edge of the detector cropped.
    first_row, first_column : str
        Where row 0 (north or south) and column 0 (east or west) are.
    detector : tuple of int or None
        Columns and rows of the detector: tells which edge cropped a cutout.
    detector_fields : tuple of str
        The candidate fields with the alert's column and row on it.
    reference_fields : tuple of str
        The candidate fields with RA and Dec of the nearest source of the reference image [deg].
    difference : str
        `signed`, or `positive`: the difference of a source that has faded is published with its sign turned.
    unit : str
        Of the pixels, as astropy writes it, where the header does not say it.
    """

    pixel_arcsec: float | None = None
    side: int = 0
    first_row: Literal["north", "south"] = "north"
    first_column: Literal["east", "west"] = "east"
    detector: tuple[int, int] | None = None
    detector_fields: tuple[str, ...] = ()
    reference_fields: tuple[str, ...] = ()
    difference: Literal["signed", "positive"] = "signed"
    unit: str = "nJy"

    @property
    def candidate_fields(self) -> tuple[str, ...]:
        """The candidate fields that say where a cutout lies."""
        return (*self.detector_fields, *self.reference_fields)


@dataclass(frozen=True)
class ObjectPages:
    """Pages of the survey's objects in the web.

    Parameters
    ----------
    name : str
        Regular expression: what an object that such pages know is called.
    pages : mapping of str to str
        Address by title; `{}` stands for the object's name.
    """

    name: str
    pages: Mapping[str, str]

    def of(self, object_id: str) -> list[tuple[str, str]]:
        """Title and address of each page; none for a name that no page knows.

        Parameters
        ----------
        object_id : str
            As the view has it.

        Returns
        -------
        list of (str, str)
        """
        known = re.fullmatch(self.name, object_id)
        return [(title, address.format(object_id)) for title, address in self.pages.items()] if known else []


def _no_wire_id(name: str) -> int | None:
    return None


@dataclass(frozen=True)
class Survey:
    """A survey's adapter.

    Parameters
    ----------
    name : str
        Value of the `survey` column: ztf, lsst. Lower case, as it stands in names of topics.
    title : str
        The survey's name as people write it.
    bands : tuple of str
        Its filters' letters, from blue to red.
    packet_type : pyarrow.StructType
        The fields of a packet that the adapter reads, nested, all nullable. The decoder gives exactly these, by
        name; what a writer schema lacks is NULL, what it has beyond is left out.
    candidate : pyarrow.StructType
        The type of the view's `candidate` column: the survey's per-alert fields over all schema versions.
    matches : callable
        `matches(writer_schema: dict) -> bool`: whether a parsed Avro writer schema is this survey's.
    read : callable
        `read(packets: pyarrow.StructArray) -> Read`: packets of `packet_type` to what the survey says of each alert and
        of each photometric point.
    night : NightRule
        Which night an alert belongs to.
    published : PublishedNames
        What the packets call ids, time and position, for the messages about those that lack them.
    sentinels : mapping of str to tuple
        Per candidate field, the published values that mean "no value" (filters read them as NULL).
    cutouts : CutoutGeometry
    objects : ObjectPages or None
    schemas : pathlib.Path or None
        Directory of the schemas of the Confluent wire format, if the adapter brings them: a schema id that the job's
        own directory lacks is looked for here.
    wire_id : callable
        `wire_id(schema_name: str) -> int or None`: the id under which the survey's registry holds a writer schema.
    """

    name: str
    title: str
    bands: tuple[str, ...]
    packet_type: pa.StructType
    candidate: pa.StructType
    matches: Callable[[Mapping[str, Any]], bool]
    read: Callable[[pa.StructArray], Read]
    night: NightRule
    published: PublishedNames
    sentinels: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    cutouts: CutoutGeometry = CutoutGeometry()
    objects: ObjectPages | None = None
    schemas: Path | None = None
    wire_id: Callable[[str], int | None] = _no_wire_id

    def view(self, packets: pa.StructArray, schema_versions: list[str], now_mjd: float) -> AdapterResult:
        """Packets in the common view.

        Parameters
        ----------
        packets : pyarrow.StructArray, shape (n,)
            Of `packet_type`.
        schema_versions : list of str, length n
            What each writer schema says of itself; "" if nothing.
        now_mjd : float
            When the batch was planned, MJD TAI: packets from later than a day after it are refused.

        Returns
        -------
        AdapterResult
            One row per packet, in order.
        """
        return assemble(self, self.read(packets), schema_versions, now_mjd)
