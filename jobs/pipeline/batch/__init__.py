"""The life of a batch: stage, deduplicate, seal, publish, store, close."""
