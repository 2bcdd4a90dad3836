"""What goes into the decoder and what comes out of it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.packets.rejections import Refusal
from jobs.pipeline.surveys.survey import Survey


@dataclass(frozen=True)
class Group:
    """The packets of one survey.

    Attributes
    ----------
    survey : Survey
    rows : numpy.ndarray of int64, shape (n,)
        Which entries of `Decoded.values` these are, ascending.
    packets : pyarrow.StructArray, length n
        Of `survey.packet_type`.
    versions : list of str, length n
        What the writer schema says of its version: its `version` attribute ("3.3"), or "10.0" for the name
        lsst.v10_0.alert; "" if it says nothing.
    """

    survey: Survey
    rows: NDArray[np.int64]
    packets: pa.StructArray
    versions: list[str]


@dataclass(frozen=True, slots=True)
class Refused:
    """A datum, or the unreadable rest of a message, that could not be decoded.

    Attributes
    ----------
    message, index : int
        Which input message; number of the datum in it, from 0.
    value : bytes
        What was refused: the datum; the rest of a block from the bad datum on, as stored where it does not inflate;
        the unreadable rest of a container from the bad block on; the whole message. Empty for a datum that cannot be
        found because it lies behind a bad one in the same block.
    schema : str or None
        The writer schema (JSON), where the value itself does not carry or name it.
    refusal : Refusal
    """

    message: int
    index: int
    value: bytes
    schema: str | None
    refusal: Refusal


@dataclass(frozen=True)
class Decoded:
    """The datums of a list of messages, in their order.

    Attributes
    ----------
    values : list of bytes
        Per datum its bytes; for the wire format the message as received.
    schemas : list of (str or None)
        Per datum the writer schema (JSON) as its container or message gave it; None for the wire format.
    message, index : numpy.ndarray of int64
        Per datum the input message that held it, and its number in it, from 0.
    groups : list of Group
        Every datum is in exactly one.
    refused : list of Refused
        By message and index. `len(values) + len(refused)` is what was read.
    """

    values: list[bytes]
    schemas: list[str | None]
    message: NDArray[np.int64]
    index: NDArray[np.int64]
    groups: list[Group]
    refused: list[Refused]
