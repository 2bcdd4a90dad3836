"""What sealed batches are written to beyond Parquet: a folder each, listed in `registry.py`."""
