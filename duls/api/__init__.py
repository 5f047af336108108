"""HTTP: how a process does, and later the figures themselves."""
