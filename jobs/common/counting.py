"""Counts as people read them."""


def counted(count: int, one: str, several: str = "") -> str:
    """`1 row`, `2 rows`, `1,200 rows`.

    Parameters
    ----------
    count : int
    one : str
        What is counted, in the singular.
    several : str
        In the plural; with an s if not given.
    """
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
