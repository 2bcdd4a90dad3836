"""Matches to Kafka topics."""
