"""Packets from Kafka topics."""
