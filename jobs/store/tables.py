"""The tables of the store: their families, and how HBase keeps them."""

from dataclasses import dataclass

NAMESPACE = "strix"


@dataclass(frozen=True)
class StoreTable:
    """A table of one family and one version.

    Attributes
    ----------
    name : str
        Without the namespace.
    family : str
        One letter: it stands in every cell.
    compression : str
        HBase's name of the codec.
    block_bytes : int
        Small blocks where single rows are read, large ones where ranges are.
    salts : int
        Values of the first byte of its keys: what regions are split by; 1 for a table of one region.
    doc : str
        What a row is.
    """

    name: str
    family: str
    compression: str
    block_bytes: int
    salts: int
    doc: str

    def splits(self, regions: int) -> list[bytes]:
        """The first keys of all regions but the first.

        Parameters
        ----------
        regions : int
            How many are wanted; a table has no more of them than salts.
        """
        many = min(regions, self.salts)
        return [bytes((self.salts * region // many,)) for region in range(1, many)]


ALERTS = StoreTable("alerts", "a", "ZSTD", 32768, 256, "an alert: scalars, light curve, survey's fields, answers")
CUTOUTS = StoreTable("cutouts", "c", "NONE", 65536, 256, "an alert: its three cutouts, as received")
OBJECTS = StoreTable("objects", "o", "ZSTD", 16384, 256, "an object: a small cell per alert")
ALERT_INDEX = StoreTable("alert_index", "i", "ZSTD", 16384, 256, "an alert id: the key of its row in alerts")
SKY = StoreTable("sky", "s", "ZSTD", 16384, 4, "an alert, by HEALPix pixel")
LATEST = StoreTable(
    "latest", "l", "ZSTD", 16384, 1, "an alert in the list of a filter, a night or a body, newest first"
)
TYPES = StoreTable("types", "t", "NONE", 65536, 1, "a type that cells name by eight bytes; a file that was loaded")
TABLES = (ALERTS, CUTOUTS, OBJECTS, ALERT_INDEX, SKY, LATEST, TYPES)


def qualified(namespace: str, table: StoreTable) -> str:
    """The name that HBase knows a table by.

    Parameters
    ----------
    namespace : str
    table : StoreTable
    """
    return f"{namespace}:{table.name}"
