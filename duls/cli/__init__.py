"""The command line: one program, `duls`; commands hand settings to `duls.app` and print what it reports."""

from duls.loading import loading, start_no_blas_threads

__all__ = ["main"]


def main() -> None:
    """Run the program with the arguments of this process, and end the process."""
    start_no_blas_threads()
    with loading():
        from duls.cli import program
    program.main()
