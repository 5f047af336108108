"""Real Apache Kafka and real TimescaleDB for tests, benchmarks and people.

`python -m tests.services fetch` gets the parts; `python -m tests.services up` runs both until Ctrl-C.
"""
