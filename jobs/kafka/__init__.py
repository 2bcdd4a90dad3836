"""Talking to Kafka: what the source, the sink and `strix listen` share."""
