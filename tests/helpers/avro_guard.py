"""Memory that ends where a page begins that cannot be touched: one byte too far kills the process."""

import ctypes
import mmap

import numpy as np
import pyarrow as pa

PAGE = mmap.PAGESIZE
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
PROT_NONE = 0


def guarded_memory(size: int) -> pa.Buffer:
    """A buffer to be written whose last byte is the last before the forbidden page."""
    pages = (size + PAGE - 1) // PAGE + 1
    mapping = mmap.mmap(-1, pages * PAGE)
    whole = np.frombuffer(mapping, np.uint8)
    start = (pages - 1) * PAGE - size
    if _libc.mprotect(whole.ctypes.data + (pages - 1) * PAGE, PAGE, PROT_NONE) != 0:
        raise OSError(ctypes.get_errno(), "mprotect")
    return pa.py_buffer(whole[start : start + size])


def guarded(content: bytes) -> pa.Buffer:
    """The same bytes in front of a forbidden page."""
    buffer = guarded_memory(len(content))
    np.frombuffer(buffer, np.uint8)[:] = np.frombuffer(content, np.uint8)
    return buffer
