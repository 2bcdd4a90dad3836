"""What Strix keeps in HBase: its tables, their row keys, what a cell holds, and the way from a batch to puts."""
