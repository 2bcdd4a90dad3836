"""What sealed batches are written to beyond Parquet."""
