"""The label file that training reads: which object is of which class, and who says so."""

import pyarrow as pa

from science_modules.common.view import Column

SOURCE = "strix-simulator"
_STR = pa.string()
_COLUMNS = (
    Column("survey", _STR, "", "survey"),
    Column("object_id", _STR, "", "object, as in the common view"),
    Column("alert_id", pa.int64(), "", "alert, where the label is of one alert only"),
    Column("class", _STR, "", "leaf of the taxonomy"),
    Column("source", _STR, "", "where the label comes from"),
    Column("who", _STR, "", "who gave it"),
    Column(
        "when", pa.timestamp("us", "UTC"), "", "when; NULL for a simulated one, so that the same seed is the same file"
    ),
    Column("weight", pa.float64(), "", "weight of the object in training"),
)
SCHEMA = pa.schema([column.field for column in _COLUMNS])


def label_table(truth: pa.Table, seed: int, verb: str = "lightcurves") -> pa.Table:
    """Labels of simulated objects.

    Parameters
    ----------
    truth : pyarrow.Table
        Of truth_table.SCHEMA, n rows.
    seed : int
        Of the simulation.
    verb : str
        Of `strix simulate`.

    Returns
    -------
    pyarrow.Table, n rows
    """
    n = truth.num_rows
    columns = {
        "survey": truth["survey"],
        "object_id": truth["object_id"],
        "alert_id": pa.nulls(n, pa.int64()),
        "class": truth["leaf"],
        "source": pa.array([SOURCE] * n, _STR),
        "who": pa.array([f"strix simulate {verb} --seed {seed}"] * n, _STR),
        "when": pa.nulls(n, SCHEMA.field("when").type),
        "weight": pa.array([1.0] * n),
    }
    return pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)
