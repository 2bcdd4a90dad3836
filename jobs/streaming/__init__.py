"""The batches of a stream as one Structured Streaming query: planned in its source's process, committed in `foreachBatch`."""
