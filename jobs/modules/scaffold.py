"""A new science module: a folder that holds the contract as it is, to be changed step by step (`strix module new`)."""

from pathlib import Path

from science_modules import registry

_CODE = '''"""{title}: the range of the difference flux in the alert's packet."""

from typing import Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule
from science_modules.common.reasons import first_reason


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    """One row per alert: its value and, where there is none, the reason."""
    curves = batch.light_curves.of_kind("detection")
    known = curves.select(np.isfinite(curves.flux))
    flux_range = np.full(len(batch), np.nan)
    some = known.counts > 0
    starts = known.offsets[:-1][some]
    if len(starts):
        flux_range[some] = np.maximum.reduceat(known.flux, starts) - np.minimum.reduceat(known.flux, starts)
    return pd.DataFrame({{"flux_range": flux_range, "error": first_reason((~some, "too few points: n < 1"))}})


MODULE = ScienceModule(
    name="{name}",
    version="0.1.0",
    inputs=("light_curve",),
    outputs=(Field("flux_range", "float64", "nJy", "largest minus smallest difference flux of the detections"),),
    run=run,
    source="name the paper or page that defines the quantity",
)
'''

_CARD = """# {name}

What it says, in words an astronomer would use, and where it is defined.

| output | unit | meaning |
|---|---|---|
| `flux_range` | nJy | largest minus smallest difference flux of the detections in the packet, all bands together |

**No answer:** `too few points: n < 1`.

## Trained on, tested on

Nothing is trained. Tested against golden.json (by hand).

## When not to trust it

- With one point the range is 0.
"""

_GOLDEN = """[
  {
    "how": "by hand: detections 3, -1, 5; the forced point is not read: 5 - (-1) = 6",
    "survey": "ztf",
    "inputs": {
      "lc_mjd": [60000.0, 60001.0, 60002.0, 60003.0],
      "lc_band": ["g", "r", "g", "g"],
      "lc_kind": ["detection", "detection", "forced", "detection"],
      "lc_flux": [3.0, -1.0, 90.0, 5.0],
      "lc_flux_err": [1.0, 1.0, 1.0, 1.0]
    },
    "outputs": {"flux_range": 6.0},
    "error": null
  }
]
"""


class ScaffoldError(ValueError):
    """The new module's name or place is taken or not allowed."""


def new_module(name: str, directory: Path) -> Path:
    """Write the folder of a new science module.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and underscores: the name of folder, MODULE, column and configuration line.
    directory : pathlib.Path
        Where the folder is made: science_modules, or a directory of $STRIX_MODULE_PATH.

    Returns
    -------
    pathlib.Path
        The folder: `__init__.py` (MODULE and run), `README.md` (the model card), `golden.json`. It passes
        `python -m science_modules.suite NAME`.

    Raises
    ------
    ScaffoldError
        If the name is not allowed or a module or folder of that name exists.
    """
    folder = new_folder(name, directory)
    (folder / "__init__.py").write_text(_CODE.format(name=name, title=name.replace("_", " ").capitalize()))
    (folder / "README.md").write_text(_CARD.format(name=name))
    (folder / "golden.json").write_text(_GOLDEN)
    return folder


def new_folder(name: str, directory: Path) -> Path:
    """Make the folder of a new module.

    Parameters
    ----------
    name : str
        Of the module: lower-case letters, digits and underscores.
    directory : pathlib.Path
        Where the folder is made.

    Raises
    ------
    ScaffoldError
        If the name is not allowed or a module or folder of that name exists.
    """
    if not name.isidentifier() or name != name.lower() or name.startswith("_"):
        raise ScaffoldError(f"a module's name wants lower-case letters, digits and underscores, has {name!r}")
    folder = directory / name
    if name in registry.names() or name in registry.RESERVED or folder.exists():
        raise ScaffoldError(f"{name!r} exists already: {registry.folders().get(name, folder)}")
    folder.mkdir(parents=True)
    return folder
