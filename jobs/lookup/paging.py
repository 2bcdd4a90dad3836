"""Parts of a long answer: a token says behind which row of the answer the next part begins, and to which question."""

import base64
import json
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa

from jobs.lookup.store import BadQuestion, Page

# Separation [arcsec], survey, alert or object.
Key = tuple[float, str, int | str]


def read_token(token: str | None, question: str) -> Key | None:
    """The last row of the part before.

    Parameters
    ----------
    token : str or None
        As `after` gave it.
    question : str
        As it was then.

    Raises
    ------
    BadQuestion
        If it is no token, or one of another question.
    """
    if token is None:
        return None
    try:
        of, separation, survey, name = json.loads(base64.urlsafe_b64decode(token.encode()))
        key = float.fromhex(separation), str(survey), name
    except (ValueError, TypeError):
        raise BadQuestion(f"page token {token!r} is none; it is what the page before gave") from None
    if of != crc32(question.encode()):
        raise BadQuestion("the page token is of another question; it goes on with the same position and radius")
    return key


def after(rows: pa.Table, order: Sequence[str], begin: Key | None, limit: int, question: str) -> Page:
    """The part of an answer behind a row.

    Parameters
    ----------
    rows : pyarrow.Table
        The next `limit` and one more, if there are; others too.
    order : sequence of str
        The columns that an answer is sorted by.
    begin : tuple or None
        The last row of the part before.
    limit : int
        Rows of a part.
    question : str
        For the token.
    """
    rows = rows.sort_by([(name, "ascending") for name in order])
    keys = list(zip(*(rows[name].to_pylist() for name in order), strict=True))
    start = 0 if begin is None else int(np.sum([key <= begin for key in keys], dtype=int))
    page = rows[start : start + limit].combine_chunks()
    more = start + limit < len(keys)
    return Page(page, token_of(keys[start + limit - 1], question) if more else None)


def question_of(what: str, ra: float, dec: float, radius_deg: float) -> str:
    """A question about a circle, as its tokens know it.

    Parameters
    ----------
    what : str
        cone, cone_objects.
    ra, dec, radius_deg : float
    """
    return f"{what} {ra!r} {dec!r} {radius_deg!r}"


def token_of(key: Any, question: str) -> str:
    """What `read_token` reads.

    Parameters
    ----------
    key : tuple
        The last row of a part: separation [arcsec], survey, alert or object.
    question : str
    """
    separation, survey, name = key
    content = [crc32(question.encode()), float(separation).hex(), survey, name]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
