"""Every byte that an output keeps, against its checksums: `strix ledger check --deep`."""

from collections.abc import Collection, Iterator

from jobs.audit.gaps import Checked, Gap
from jobs.audit.maintenance import Moved
from jobs.ledger.streams import records
from jobs.ledger.volumes import FOLDER
from jobs.storage.checksums import Verified, verify


def check_content(checked: Checked, moved: Moved, nights: Collection[str] | None) -> None:
    """Read every page of every data file (of these nights), and of the ledger's own tables; what is wrong is added.

    Parameters
    ----------
    checked : Checked
        Gets `verified`, gaps, and a note of files without checksums.
    moved : Moved
        Of the output.
    nights : collection of str or None
        YYYYMMDD or `unknown`; None: all nights.
    """
    verified = checked.verified = Verified()
    layout = moved.layout
    for name, crc in _contents(moved, nights):
        if (layout.root / name).exists():
            checked.gaps.extend(Gap(name, problem) for problem in verify(layout.root / name, crc, verified))
    if verified.unverified:
        count = len(verified.unverified)
        checked.notes.append(
            f"{count} of {verified.files} files have no checksums, an earlier version wrote them: they can be read, and"
            " whether a byte of them changed is not known (`strix compact` writes them anew, with checksums)"
        )


def _contents(moved: Moved, nights: Collection[str] | None) -> Iterator[tuple[str, int | None]]:
    """The files in use with the checksums that are told of them: of batches, of changes, and the ledger's own."""
    for record in records(moved.layout, nights=nights):
        yield from ((file.name, file.crc) for file in record.files if moved.history(file) is None)
    yield from sorted(moved.checksums(nights).items())
    for pattern in ("stream=*/[0-9]*.parquet", f"stream=*/{FOLDER}/*.parquet"):
        yield from (
            (str(path.relative_to(moved.layout.root)), None) for path in sorted(moved.layout.ledger.glob(pattern))
        )
