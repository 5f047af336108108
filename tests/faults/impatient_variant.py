"""A role that gives up a silent database after a moment instead of minutes, so that a test need not wait for them.

Started as `python -m tests.faults.impatient_variant run ROLE`.
"""

from typing import Final

from duls import cli
from sinks.silence import Silence

SILENT_S: Final = 1.0

if __name__ == "__main__":
    Silence.is_over = lambda _silence, silent_s: silent_s > SILENT_S  # type: ignore[method-assign]  # the variant
    cli.main()
