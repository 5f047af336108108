"""Pure computation: arrays in, arrays out; no I/O, no clock, no randomness of its own."""
