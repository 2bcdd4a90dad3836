"""Talking to HBase: what the sink, the look-ups and the tables' administration share."""
