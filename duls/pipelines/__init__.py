"""The running roles: intake and aggregate, composed from streams, processors and sinks."""
