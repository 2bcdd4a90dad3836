"""training.json: all that a model came of, so that somebody else can make it again."""

import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.training.seeds import seed_of

if TYPE_CHECKING:
    from jobs.training.result import Result

_PACKAGES = ("numpy", "pyarrow", "scipy", "pandas")


def record(result: "Result", data: Any) -> dict[str, Any]:
    """Everything that decided what the artefacts are, and what was measured.

    Parameters
    ----------
    result : Result
    data : object
        The trainable's `data`.
    """
    trainable, config = result.trainable, result.config
    fits = [fit.name for fit in result.fits]
    return {
        "name": trainable.name,
        "version": result.version,
        "surveys": result.surveys,
        "artefacts": result.digests,
        "config": asdict(config),
        "data": asdict(data),
        "settings": asdict(result.settings),
        "seeds": {"split": seed_of(config.seed, "split"), **{name: seed_of(config.seed, "fit", name) for name in fits}},
        "code": code_hash(),
        "versions": _versions(trainable.packages),
        "machine": {"python": platform.python_version(), "processor": platform.machine(), "system": platform.system()},
        "examples": {
            "n": result.examples.keys.num_rows,
            "sha256": result.examples.digest(),
            "left_out": dict(result.left_out),
        },
        "files": _hashes([*map(Path, config.labels), *trainable.files(data)]),
        "labels": {key: value for key, value in result.labels.report.items() if key != "conflicts"}
        | {"conflicts": len(result.labels.report["conflicts"])},
        "measures": measures(result),
        "facts": dict(result.facts),
    }


def measures(result: "Result") -> dict[str, Any]:
    """Confusion and calibration of what is measured together.

    Parameters
    ----------
    result : Result
    """
    if result.scores is None:
        return {}
    return {
        name: {**own.confusion().as_dict(), "calibration": own.reliability().as_dict()}
        for name, own in result.scores.measured().items()
    }


def code_hash() -> str:
    """sha256 over the sources of Strix that a training is made of: jobs/training, jobs/labels, jobs/measures, science_modules."""
    root = Path(__file__).parents[1]
    folders = [root / "training", root / "labels", root / "measures", root.parent / "science_modules"]
    whole = sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            whole.update(path.relative_to(root.parent).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def _versions(packages: Sequence[str]) -> dict[str, str]:
    return {name: metadata.version(name) for name in (*_PACKAGES, *packages)}


def _hashes(files: Iterable[Path]) -> dict[str, str]:
    return {str(path): _hash_of(path) for path in files}


def _hash_of(path: Path) -> str:
    whole = sha256()
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            whole.update(piece)
    return whole.hexdigest()
