"""A small night with everything that is awkward: many files, an archive, duplicates, a conflict, damage, several surveys."""

import copy
import shutil
from pathlib import Path

from jobs.simulation import simulate
from jobs.simulation.night import container
from jobs.simulation.packets import packet

SEED = 11
# Alert that comes once more as another measurement, and by how much it differs.
CONFLICT, CONFLICT_MAG = 5, 0.25
WAVES = ("a", "b", "g", "y", "z")


def write_night(directory: Path, real: Path | None) -> None:
    """Write the night; files sort in the order in which they are made, and each begins with its wave's letter."""
    simulate(directory / "made", 60, SEED, "containers", 10)
    simulated = sorted((directory / "made").glob("*.avro"))
    for path in simulated:
        path.rename(directory / f"a_{path.name}")
    first = sorted(directory.glob("a_*"))
    shutil.copy(first[2], directory / "b_again.avro")
    (directory / "b_conflict.avro").write_bytes(container([conflicting()]))
    (directory / "b_cut.avro").write_bytes(container([packet(12, n)[0] for n in range(6)])[:-70_000])
    (directory / "b_noise.avro").write_bytes(b"this is no packet" * 50)
    simulate(directory / "archived", 8, 13, "tar.gz")
    next((directory / "archived").glob("*.tar.gz")).rename(directory / "b_archive.tar.gz")
    for made in ("made", "archived"):
        shutil.rmtree(directory / made)
    _copy_real(directory, real)
    # Once more what the first batch and, from the archive, the fourth have read: an index that forgets shows.
    (directory / "y_again_first.avro").write_bytes(container([packet(SEED, 2)[0]]))
    (directory / "y_again_fourth.avro").write_bytes(container([packet(13, 4)[0]]))
    for number in range(3):
        (directory / f"z_single_{number}.avro").write_bytes(container([packet(14, number)[0]]))


def conflicting() -> dict[str, object]:
    """The packet that says something else than alert CONFLICT."""
    other = copy.deepcopy(packet(SEED, CONFLICT)[0])
    other["candidate"]["magpsf"] += CONFLICT_MAG
    return other


def _copy_real(directory: Path, real: Path | None) -> None:
    if real is None:
        return
    wanted = ("ztf_native_old/*.avro", "ztf_native_v4/*.avro", "lsst_alerts/wire/*.avro")
    for path in (path for pattern in wanted for path in sorted(real.glob(pattern))):
        (directory / f"g_{path.name}").write_bytes(path.read_bytes())
