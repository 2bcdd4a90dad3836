"""The label file that training reads: which object is of which class, and who says so."""

import pyarrow as pa

from jobs.labels.table import SCHEMA

SOURCE = "strix-simulator"


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
        "source": pa.array([SOURCE] * n, pa.string()),
        "who": pa.array([f"strix simulate {verb} --seed {seed}"] * n, pa.string()),
        "when": pa.nulls(n, SCHEMA.field("when").type),
        "weight": pa.array([1.0] * n, pa.float64()),
    }
    return pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)
