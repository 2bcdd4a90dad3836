"""Packets from what Strix has written: ledgers of ingest, quarantine."""
