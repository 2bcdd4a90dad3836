"""Look-ups of alerts and objects: one interface, answered by HBase or by the Parquet archive alike.

`open_store` gives the store that is meant; its methods `object`, `alert`, `cone`, `cone_objects` and `latest` give Arrow
tables (`.to_pandas()`, `jobs.as_astropy`); `narrowed` leaves only the alerts that pass a condition. `get_object`, `get_alert`,
`get_cone` and `get_latest` are the same as functions.
"""

from jobs.lookup.narrowing import narrowed
from jobs.lookup.opening import open_store
from jobs.lookup.store import BadQuestion, LookupStore, NotThere, Page

__all__ = ["BadQuestion", "LookupStore", "NotThere", "Page", "narrowed", "open_store"]
