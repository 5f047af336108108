"""Compiling the kernels before they are needed: `python -m duls.app.warm_up`, and each role before it is ready.

A day of three vehicles goes through the code that a role runs, so each of its kernels is compiled, or loaded from the
cache beside its source, for the very types that it meets in service. A role imports its own module only.
"""
