"""A job as a query: planning, batches one after the other, status, metrics, stopping."""
