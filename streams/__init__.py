"""Kafka in and out: decoding, validation, consumers, producers and dead letters."""
