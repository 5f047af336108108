"""The command line: one program, `duls`; commands hand settings to `duls.app` and print what it reports."""

from duls.cli.program import main

__all__ = ["main"]
