"""A plugin of pytest: after warming up, which kernels does the product compile, or load, while tests run?"""

import sys
from typing import Any, Final

import pytest
from numba.core.dispatcher import Dispatcher

from duls.app.warm_up.aggregate import warm_up_aggregate
from duls.app.warm_up.intake import warm_up_intake
from duls.app.warm_up.publication import warm_up_publication

MARK: Final = "compiled late: "


class LateKernels:
    """Collects the kernels that the product calls with types that they were not made for yet."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._compile = Dispatcher._compile_for_args  # where every call ends for which nothing is there

    def watch(self) -> None:
        """Begin."""
        found, compile_for_args = self.found, self._compile

        def noted(kernel: Dispatcher, *arguments: Any, **named: Any) -> Any:
            caller = sys._getframe(1).f_globals["__name__"]
            if not caller.startswith(("tests.", "processors.simulation")):
                found.add(f"{kernel.py_func.__module__}.{kernel.py_func.__name__}, called by {caller}")
            return compile_for_args(kernel, *arguments, **named)

        Dispatcher._compile_for_args = noted

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was found."""
        for name in sorted(self.found):
            terminalreporter.write_line(MARK + name)


def pytest_configure(config: pytest.Config) -> None:
    """Warm up as roles do before they are ready, then watch."""
    warm_up_intake()
    warm_up_aggregate()
    warm_up_publication()
    kernels = LateKernels()
    kernels.watch()
    config.pluginmanager.register(kernels)
