"""An archive, and the same alerts in HBase."""

from typing import Any

import pytest
from looked_up import NIGHTS, every_row, made_up
from store_tables import address_of, new_namespace, reader_of

from jobs.lookup.archive import ArchiveStore
from jobs.lookup.hbase import HBaseStore
from jobs.services.hbase import HBaseServer
from jobs.store.back_fill import files_of
from jobs.store.writing import StoreWriter


@pytest.fixture(scope="package")
def both(
    tmp_path_factory: pytest.TempPathFactory, hbase: HBaseServer
) -> tuple[ArchiveStore, HBaseStore, list[dict[str, Any]]]:
    """Both stores, and all rows that are in them."""
    layout = made_up(tmp_path_factory.mktemp("archive"), seed=3)
    namespace = new_namespace(hbase)
    writer = StoreWriter(address_of(hbase), namespace)
    for night in NIGHTS:
        for file in files_of(layout, night, cutouts=False):
            file.write(writer)
    return ArchiveStore(layout.root), HBaseStore(reader_of(hbase, namespace)), every_row(layout)
