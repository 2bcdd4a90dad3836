"""Layouts of Avro records as texts: lines of "type: names", in the order on the wire; `?` is a union with null."""


def typed_names(layout: str) -> list[tuple[str, str]]:
    """The type and name of each field, `?` after the type of one that may be null.

    Parameters
    ----------
    layout : str
    """
    lines = [line.split(": ") for line in layout.splitlines() if line]
    return [(kind, name) for kind, listed in lines for name in listed.split()]
