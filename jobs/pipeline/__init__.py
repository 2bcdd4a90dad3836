"""The way of the data: sources, decode, surveys, enrichment, batch, sinks, ledger."""
