"""The tables of the store in HBase: made, and compared with what is wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.hbase.admin_gateway import JavaAdmin
from jobs.store.tables import TABLES, StoreTable, qualified

# Of a table whose keys are salted; HBase splits regions that grow by itself.
REGIONS = 4


@dataclass(frozen=True)
class Difference:
    """What a table has and what it should have."""

    table: str
    what: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.table}: {self.what} is {self.found}, wanted {self.wanted}"


@dataclass(frozen=True)
class StoreTables:
    """The tables of a namespace, over HBase's own administration.

    Parameters
    ----------
    java : JavaAdmin
    namespace : str
    """

    java: JavaAdmin
    namespace: str

    def make(self, regions: int = REGIONS) -> list[str]:
        """Make what is not there: the namespace and its tables; those that are there stay as they are.

        Parameters
        ----------
        regions : int
            Of each table whose keys are salted, to begin with.

        Returns
        -------
        list of str
            The names of the tables that were made.
        """
        if self.namespace not in list(self.java.admin.listNamespaces()):
            builder = self.java.jvm.org.apache.hadoop.hbase.NamespaceDescriptor.create(self.namespace)
            self.java.admin.createNamespace(builder.build())
        made = [table for table in TABLES if not self._is_there(table)]
        for table in made:
            self._make(table, table.splits(regions))
        return [qualified(self.namespace, table) for table in made]

    def differences(self) -> list[Difference]:
        """What is not as it is wanted; empty if all is well."""
        if self.namespace not in list(self.java.admin.listNamespaces()):
            return [Difference(self.namespace, "namespace", "absent", "there")]
        return [each for table in TABLES for each in self._differences(table)]

    def remove(self) -> list[str]:
        """Remove the tables, with all that they hold.

        Returns
        -------
        list of str
            Their names.
        """
        there = [table for table in TABLES if self._is_there(table)]
        for table in there:
            name = self._name(table)
            if self.java.admin.isTableEnabled(name):
                self.java.admin.disableTable(name)
            self.java.admin.deleteTable(name)
        return [qualified(self.namespace, table) for table in there]

    def _is_there(self, table: StoreTable) -> bool:
        return bool(self.java.admin.tableExists(self._name(table)))

    def _name(self, table: StoreTable) -> Any:
        return self.java.jvm.org.apache.hadoop.hbase.TableName.valueOf(qualified(self.namespace, table))

    def _make(self, table: StoreTable, splits: Sequence[bytes]) -> None:
        client = self.java.jvm.org.apache.hadoop.hbase.client
        family = client.ColumnFamilyDescriptorBuilder.newBuilder(table.family.encode())
        hbase = self.java.jvm.org.apache.hadoop.hbase
        family.setMaxVersions(1)
        family.setCompressionType(getattr(hbase.io.compress.Compression.Algorithm, table.compression))
        family.setBloomFilterType(hbase.regionserver.BloomType.ROW)
        family.setBlocksize(table.block_bytes)
        descriptor = client.TableDescriptorBuilder.newBuilder(self._name(table)).setColumnFamily(family.build()).build()
        if not splits:
            self.java.admin.createTable(descriptor)
            return
        bytes_type = self.java.gateway.jvm.byte
        keys = self.java.gateway.new_array(bytes_type, len(splits), 1)
        for at, split in enumerate(splits):
            keys[at] = split
        self.java.admin.createTable(descriptor, keys)

    def _differences(self, table: StoreTable) -> Iterator[Difference]:
        name = qualified(self.namespace, table)
        if not self._is_there(table):
            yield Difference(name, "table", "absent", "there")
            return
        families = list(self.java.admin.getDescriptor(self._name(table)).getColumnFamilies())
        letters = ", ".join(family.getNameAsString() for family in families)
        if letters != table.family:
            yield Difference(name, "families", letters, table.family)
            return
        (family,) = families
        for what, found, wanted in (
            ("compression", family.getCompressionType().toString(), table.compression),
            ("versions", str(family.getMaxVersions()), "1"),
            ("bloom filter", family.getBloomFilterType().toString(), "ROW"),
            ("block size", str(family.getBlocksize()), str(table.block_bytes)),
        ):
            if found != wanted:
                yield Difference(name, what, found, wanted)
        if not self.java.admin.isTableEnabled(self._name(table)):
            yield Difference(name, "state", "disabled", "enabled")
