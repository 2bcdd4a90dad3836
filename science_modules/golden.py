"""Golden cases: alerts by hand with independent answers, and what changes when one of their inputs does.

A case of golden.json has `how` (who computed the outputs), `survey`, `inputs` (columns of the view; a cutout is written
as `{"shape": [63, 63], "peak": 100, "fwhm": 2.5, "sky": 10, "at": [3, -5]}`, `at` being pixels down and right of the
middle), `outputs`, `error`, `rtol` and `atol`.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from science_modules.common import examples
from science_modules.common.view import BANDS

STAMP_COLUMNS = ("cutout_science", "cutout_template", "cutout_difference")
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Golden:
    """One case of golden.json, as it stands there.

    Attributes
    ----------
    number : int
        Its place in the file, from 0.
    how : str
        Who or what computed the outputs.
    inputs : mapping
        Columns of the common view, cutouts as descriptions; outputs of other modules by the module's name.
    outputs : mapping
        Those that are compared.
    error : str or None
        The reason that is wanted instead of an answer.
    rtol, atol : float
        Relative and absolute tolerance of floats.
    """

    number: int
    how: str
    survey: str
    inputs: Values
    outputs: Values
    error: str | None
    rtol: float
    atol: float

    @property
    def answers(self) -> bool:
        """Whether it holds an answer: no error, and a value that is there and finite."""
        return self.error is None and any(map(_known, self.outputs.values()))

    @property
    def is_lopsided(self) -> bool:
        """Whether none of its cutouts is its own mirror image or transpose: only then a wrong orientation shows."""
        given = [self.inputs.get(name) for name in STAMP_COLUMNS]
        return all(stamp is not None and _is_lopsided(examples.point_source(**stamp)) for stamp in given)

    def alert(self) -> dict[str, Any]:
        """The alert as a row of the common view: cutouts as bytes, what it does not say of its points NULL."""
        stamps = {name: _stamp(self.inputs[name]) for name in STAMP_COLUMNS if self.inputs.get(name) is not None}
        points = len(self.inputs.get("lc_mjd", []))
        empty = {name: [None] * points for name in examples.schema("ztf").names if name.startswith("lc_")}
        return empty | dict(self.inputs) | stamps


def read(path: Path) -> list[Golden]:
    """The cases of a file.

    Parameters
    ----------
    path : pathlib.Path
        A module's golden.json.

    Raises
    ------
    AssertionError
        If there is no file, no case in it, or a case that does not say who computed it.
    """
    assert path.is_file(), f"no golden values: {path}"
    cases = json.loads(path.read_text(encoding="utf-8"))
    assert cases, f"{path} holds no case"
    for number, case in enumerate(cases):
        assert case.get("how"), f"case {number}: how were the outputs computed?"
    return [_golden(number, case) for number, case in enumerate(cases)]


def features_of(inputs: Sequence[str], identity: Sequence[str]) -> list[str]:
    """What a module declares, one by one: each cutout for `cutouts`; without what only names an alert.

    Parameters
    ----------
    inputs : sequence of str
        As `ScienceModule.inputs`.
    identity : sequence of str
        Columns that only name an alert.
    """
    expanded = [each for name in inputs for each in (STAMP_COLUMNS if name == "cutouts" else (name,))]
    return [name for name in expanded if name not in identity]


def variants(case: Golden, feature: str, others: Sequence[Golden]) -> Iterator[dict[str, Any]]:
    """The case's inputs with one feature changed, in several ways; none if the case does not give it.

    Parameters
    ----------
    case : Golden
        Not changed.
    feature : str
        `mjd`, `candidate.fwhm`, `other_module.output`, `light_curve`, a cutout's column.
    others : sequence of Golden
        Cases whose values of the feature are tried, too: a tree answers otherwise only beyond one of its thresholds.

    Yields
    ------
    dict
        All inputs, the changed one among them.
    """
    value = _value(case.inputs, feature)
    if feature == "light_curve":
        yield from (dict(case.inputs) | changed for changed in _light_curves(case.inputs))
    elif value is not None:
        given = (_value(other.inputs, feature) for other in others)
        tried = [each for each in given if each is not None and each != value]
        for each in [*tried, *_others(feature, value)]:
            yield _replaced(case.inputs, feature, each)


def _golden(number: int, case: Values) -> Golden:
    return Golden(
        number=number,
        how=case["how"],
        survey=case["survey"],
        inputs=case["inputs"],
        outputs=case["outputs"],
        error=case.get("error"),
        rtol=case.get("rtol", 1e-9),
        atol=case.get("atol", 0),
    )


def with_inputs(case: Golden, inputs: Values) -> Golden:
    """The same case with other inputs.

    Parameters
    ----------
    case : Golden
        Not changed.
    inputs : mapping of str to object
        Instead of the case's own, all of them.
    """
    return Golden(case.number, case.how, case.survey, inputs, case.outputs, case.error, case.rtol, case.atol)


def _known(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value)) and value != []


def _stamp(spec: Mapping[str, Any] | bytes) -> bytes:
    return spec if isinstance(spec, bytes) else examples.fits_stamp(examples.point_source(**spec))


def _is_lopsided(image: NDArray[np.float64]) -> bool:
    turned = [image[::-1], image[:, ::-1], image.T, image[::-1, ::-1]]
    return not any(other.shape == image.shape and np.allclose(other, image) for other in turned)


def _value(inputs: Values, feature: str) -> Any:
    column, _, child = feature.partition(".")
    value = inputs.get(column)
    return value.get(child) if child and isinstance(value, Mapping) else None if child else value


def _replaced(inputs: Values, feature: str, value: Any) -> dict[str, Any]:
    column, _, child = feature.partition(".")
    return dict(inputs) | {column: {**inputs[column], child: value} if child else value}


def _others(feature: str, value: Any) -> list[Any]:
    """Other values of the same kind, near and far."""
    if feature in STAMP_COLUMNS:
        return [_redrawn(value, mirror) for mirror in (False, True)]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):
        return [band for band in BANDS if band != value] if feature == "band" else [f"not {value}"]
    if isinstance(value, list):
        return [[each for point in value for each in _others(feature, point)[:1]]]
    if isinstance(value, Mapping):
        return [{name: next(iter(_others(name, each)), each) for name, each in value.items()}]
    if isinstance(value, int):
        return [value + 1, 2 * value + 3, 0, 1, -value]
    if isinstance(value, float):
        return [value * 1.25 + 0.1, value * 0.5 - 1, -value, value + 50, value - 50, 0.0, 1.0, 1e4 * value + 1e3]
    return []


def _redrawn(spec: Mapping[str, Any], mirror: bool) -> bytes:
    """The cutout with the source moved and a slope under it: another picture at any normalisation."""
    image = examples.point_source(**spec)
    peak = float(np.abs(image).max()) or 1.0
    slope = np.linspace(0, peak, image.shape[1])
    moved = np.roll(image, (7, -5), axis=(0, 1)) + (slope[::-1] if mirror else slope)
    return examples.fits_stamp(moved)


def _light_curves(inputs: Values) -> Iterator[dict[str, Any]]:
    """Light curves with other fluxes, or other times."""
    factors = (1.3, 0.7, 1.1, 0.9)
    fluxes = [name for name in ("lc_flux", "lc_flux_total") if inputs.get(name)]
    if fluxes:
        yield {name: [_times(value, factors[i % 4]) for i, value in enumerate(inputs[name])] for name in fluxes}
    if inputs.get("lc_mjd"):
        last = inputs["lc_mjd"][-1]
        yield {"lc_mjd": [last - 1.7 * (last - mjd) for mjd in inputs["lc_mjd"]]}


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def table(cases: Sequence[Golden]) -> pa.Table:
    """Cases of one survey as a table in the common view, without the outputs of other modules.

    Parameters
    ----------
    cases : sequence of Golden
        At least one.
    """
    return examples.table([case.alert() for case in cases], cases[0].survey)
