"""Guard one server process: end it, and remove its directory, when whoever asked for it is gone.

Run by `duls.local_process` as a script of its own, with one JSON argument (the fields of `ServerOrder` and
the process id of the parent). It uses the standard library only.

Why a process between: the parent-death signal of Linux fires when the *thread* that started a child ends, it
is lost when the child changes its user, and it cannot remove a directory. The guard has one thread, sets that
signal last, and watches its parent through a pidfd, so even a SIGKILL of the parent leaves nothing behind.

Protocol: the first line on standard output is the process id of the server; standard output ends when the
server has ended. Each byte on standard input is the number of a signal to deliver to the server; 0 says to
keep the directory. The end of standard input means: stop the server, remove the directory, and go.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _become(order: dict[str, Any]) -> None:
    """Enter the root, user and directory of the server; runs in the child, before exec."""
    if order["root"]:
        os.chroot(order["root"])
    os.chdir(order["directory"])
    if order["uid"] is not None:
        os.setgroups([])
        os.setgid(order["gid"])
        os.setuid(order["uid"])
    # last, because a change of user clears it; guards against the death of the guard itself
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, order["stop_signal"])


def _start(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the server in a process group of its own, its output appended to the log."""
    with Path(order["log_path"]).open("ab") as log:
        return subprocess.Popen(  # noqa: S603  # the command comes from our own code
            order["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
            preexec_fn=lambda: _become(order),  # noqa: PLW1509  # this process has one thread
        )


def _wishes(order: dict[str, Any]) -> list[int] | None:
    """Read the signals that the parent wants delivered; None when it wants the end."""
    wanted = os.read(0, 16)
    if not wanted:
        return None
    if 0 in wanted:
        order["remove"] = None
    return [number for number in wanted if number]


def _watch(server: subprocess.Popen[bytes], parent_fd: int, order: dict[str, Any]) -> None:
    """Deliver signals until the server ends, the parent is gone, or a stop is asked for."""
    server_fd = os.pidfd_open(server.pid)
    poll = select.poll()
    for watched in (0, parent_fd, server_fd):
        poll.register(watched, select.POLLIN | select.POLLHUP)
    while True:
        ready = {descriptor for descriptor, _event in poll.poll()}
        if ready & {parent_fd, server_fd}:
            return
        wanted = _wishes(order)
        if wanted is None:
            return
        for number in wanted:
            server.send_signal(number)


def _end(server: subprocess.Popen[bytes], order: dict[str, Any]) -> None:
    """Stop the server, by force after its grace, and sweep its process group."""
    if server.poll() is None:
        server.send_signal(order["stop_signal"])
        server.send_signal(signal.SIGCONT)  # a stopped process cannot end
    try:
        server.wait(order["grace_s"])
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)


def _await_dismissal(parent_fd: int, order: dict[str, Any]) -> None:
    """Wait until the parent has read what it wants of the server's directory, or is gone."""
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    poll.register(parent_fd, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _event in poll.poll()}
        if parent_fd in ready or _wishes(order) is None:
            return


def _guard(order: dict[str, Any], parent_fd: int) -> None:
    """Run the server to its end; what goes wrong at its start lands in its log."""
    try:
        server = _start(order)
        os.write(1, f"{server.pid}\n".encode())
        _watch(server, parent_fd, order)
        _end(server, order)
    except (OSError, subprocess.SubprocessError):
        traceback.print_exc()
    os.close(1)
    _await_dismissal(parent_fd, order)


def main() -> None:
    """Guard the server that the command line orders."""
    order = json.loads(sys.argv[1])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # only the parent decides; a handler, because an ignored signal would be inherited by the server
        signal.signal(number, lambda _number, _frame: None)
    try:
        _guard(order, os.pidfd_open(order["parent_pid"]))
    finally:
        if order["remove"]:
            shutil.rmtree(order["remove"], ignore_errors=True)


if __name__ == "__main__":
    main()
