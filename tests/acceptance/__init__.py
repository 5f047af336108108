"""Acceptance: what a city would see, on real Apache Kafka and real TimescaleDB."""
