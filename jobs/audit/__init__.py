"""Does every number of the ledger add up? Counted again by other rules than the writers'."""
