"""What a file is, by its first bytes and never by its name: a download, a mirror or a browser may have renamed it."""

import tarfile
from typing import BinaryIO

from jobs.pipeline.decode.container import MAGIC
from jobs.pipeline.sources.files.compressed import Damaged, Unpacked, is_compressed

# So many first bytes tell: tar has its mark at byte 257 of a header.
HEAD_BYTES = tarfile.BLOCKSIZE
PARQUET = b"PAR1"


def kind_of(head: bytes) -> str:
    """Which reader takes a file that begins so.

    Parameters
    ----------
    head : bytes
        The first HEAD_BYTES of the file.

    Returns
    -------
    str
        tar; targz for whatever is compressed, archive or single packet; raw for Parquet; container for all else: Avro
        containers, wire messages, and what turns out to be neither.
    """
    if is_compressed(head):
        return "targz"
    if head.startswith(PARQUET):
        return "raw"
    return "tar" if is_tar(head) else "container"


def is_tar(head: bytes) -> bool:
    """Whether these are the first bytes of a tar archive, of an old or an empty one, too.

    Parameters
    ----------
    head : bytes
        The first HEAD_BYTES of the file; fewer are no archive.
    """
    if len(head) < HEAD_BYTES or head.startswith(MAGIC):
        return False
    if head[257:262] == b"ustar" or not head.strip(b"\0"):
        return True
    try:
        tarfile.TarInfo.frombuf(head[:HEAD_BYTES], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def holds_packets(file: BinaryIO) -> bool:
    """Whether a file of a name that says nothing is an Avro container or a tar archive, compressed or not.

    Parameters
    ----------
    file : binary file
        At its beginning; can seek.
    """
    head = file.read(HEAD_BYTES)
    if is_compressed(head):
        file.seek(0)
        try:
            head = Unpacked(file, head).read(HEAD_BYTES)
        except Damaged:
            return False
    return head.startswith(MAGIC) or is_tar(head)
