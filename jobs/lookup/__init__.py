"""Look-ups of alerts and objects: one interface, answered by HBase or by the Parquet archive alike.

`open_store` gives the store that is meant; its methods `object`, `alert`, `cone`, `cone_objects` and `latest` give Arrow
tables (`.to_pandas()`, `jobs.as_astropy`).
"""

from jobs.lookup.opening import open_store
from jobs.lookup.store import BadQuestion, LookupStore, NotThere, Page

__all__ = ["BadQuestion", "LookupStore", "NotThere", "Page", "open_store"]
