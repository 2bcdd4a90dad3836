"""Compile a numeric function with numba, kept on disk where a folder allows it."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """The function compiled by numba, one thread, strict floating point; division by zero gives inf or NaN.

    The machine code is cached beside the source or in the user's cache folder. Where neither can be written (a
    read-only image, no home) it is compiled anew in every process instead of failing.

    Parameters
    ----------
    function : callable
        Of numbers and arrays, in the Python that numba takes; compiled at its first call.
    """
    import numba

    try:
        return cast(F, numba.njit(cache=True, error_model="numpy")(function))
    except RuntimeError:  # numba: "cannot cache function ...: no locator available"
        return cast(F, numba.njit(error_model="numpy")(function))
