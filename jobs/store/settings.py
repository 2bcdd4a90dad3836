"""What a configuration, an option of Spark or a command line says of the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobs.common.typed_names import did_you_mean
from jobs.hbase.connection import DEFAULT_PORT, HBaseAddress
from jobs.store.tables import NAMESPACE

_KEYS = ("host", "port", "namespace", "cutouts")
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True)
class StoreSettings:
    """Which store is meant.

    Attributes
    ----------
    address : HBaseAddress
        Of a Thrift server.
    namespace : str
        Of the tables.
    cutouts : bool
        Whether cutouts are written, too: some 50 kB an alert.
    """

    address: HBaseAddress = field(default_factory=HBaseAddress)
    namespace: str = NAMESPACE
    cutouts: bool = False


def settings_of(section: Mapping[str, object]) -> StoreSettings:
    """Check a section `hbase`.

    Parameters
    ----------
    section : mapping of str to str
        host, port, namespace, cutouts; what is not there is as by default.

    Raises
    ------
    ValueError
        If a key is unknown or a value cannot be.
    """
    for key in section:
        if key not in _KEYS:
            raise ValueError(f"hbase knows {', '.join(_KEYS)}, found {key!r}{did_you_mean(key, _KEYS)}")
    host = str(section.get("host", "localhost"))
    port, namespace = str(section.get("port", DEFAULT_PORT)), str(section.get("namespace", NAMESPACE))
    if not namespace.replace("_", "").isalnum() or not namespace.isascii():
        raise ValueError(f"namespace of hbase is letters, digits and _, found {namespace!r}")
    return StoreSettings(HBaseAddress.of(f"{host}:{port}"), namespace, _truth(section.get("cutouts", False)))


def _truth(value: object) -> bool:
    text = str(value).lower()
    if text not in (*_TRUE, *_FALSE):
        raise ValueError(f"cutouts of hbase is true or false, found {value!r}")
    return text in _TRUE
