"""What `make test ARGS=...` hands on to every make below it, which the README's own `make night` would take, too."""

import re
from collections.abc import MutableMapping

_OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL")


def forget_make(environment: MutableMapping[str, str]) -> None:
    """Remove make's own variables, and those that were set on its command line: they are exported as variables, as well."""
    _, _, given = environment.get("MAKEFLAGS", "").partition("-- ")
    for name in (*re.findall(r"(?:^|\s)(\w+)=", given), *_OF_MAKE):
        environment.pop(name, None)
