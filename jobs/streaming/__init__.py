"""The batches of a stream as one Structured Streaming query: planned by its source, committed in `foreachBatch`."""
