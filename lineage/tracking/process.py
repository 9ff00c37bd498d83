"""Running a command as if nobody stood between: its streams, its signals, its exit code."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from lineage.errors import InputError

__all__ = ["Ended", "named", "run_command", "runnable"]

FORWARDED: Final = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
FROM_TERMINAL: Final = ("SIGINT", "SIGQUIT")  # a terminal sends these to every process in the foreground
SIGNALLED: Final = 128


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code (128 + the signal that ended it, as shells say), and why it failed."""

    exit_code: int
    reason: str = ""


def runnable(command: Sequence[str]) -> str:
    """Return the program of a command as the system finds it. Raises `InputError` where there is none."""
    found = shutil.which(command[0])
    if found is None:
        raise InputError(f"no command {command[0]!r} can be run here; check its name, or give its path")
    return found


def named(command: Sequence[str]) -> str:
    """Return a command without its arguments, which may hold secrets: the program, and the script it runs.

    >>> named(["/usr/bin/python3", "train.py", "--token", "s3cret"]), named(["make", "-j8"])
    ('python3 train.py', 'make')
    """
    program = PurePath(command[0]).name
    script = PurePath(command[1]).name if len(command) > 1 else ""
    return f"{program} {script}" if PurePath(script).suffix in (".py", ".sh", ".R", ".jl") else program


def run_command(command: Sequence[str]) -> Ended:
    """Run a command to its end. Signals sent to this process go to the command, which decides what they mean.

    Streams are the command's own: nothing is read, copied or buffered.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    with _passing_on() as target:
        process = subprocess.Popen(command)
        target.start(process)
        code = process.wait()
    if code >= 0:
        return Ended(code, f"exit code {code}" if code else "")
    name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
    return Ended(SIGNALLED - code, f"ended by {name}")


class _Target:
    """Where signals go: the command, once it is there; those that came before are kept for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def start(self, process: "subprocess.Popen[bytes]") -> None:
        """Send what came early, and from now on everything."""
        self._process = process
        for number in self._early:
            process.send_signal(number)

    def pass_on(self, number: int, frame: object) -> None:
        """Handle a signal."""
        if self._process is None:
            self._early.append(number)
        elif not (signal.Signals(number).name in FROM_TERMINAL and _in_foreground()):
            self._process.send_signal(number)


@contextmanager
def _passing_on() -> Iterator[_Target]:
    """Pass signals on while a command runs; only the main thread may. Those that are ignored (nohup) stay so."""
    target = _Target()
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in FORWARDED if hasattr(signal, name)]
        for number in numbers:
            if signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, target.pass_on)
    try:
        yield target
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Return whether a terminal has this process in its foreground, and so tells the command by itself."""
    try:
        with open("/dev/tty", "rb") as terminal:  # noqa: PTH123 - a device, unbuffered or not
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except (OSError, AttributeError):
        return False
