"""Kill a process at random moments and look at what it leaves: for any command or function that publishes."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Child", "Moments", "Tally", "has_leftovers", "kill_at_random"]


class Child(Protocol):
    """A started process; `subprocess.Popen` is one."""

    def kill(self) -> None:
        """Send SIGKILL."""

    def wait(self) -> int | None:
        """Wait for its end and return its exit code."""


class Moments:
    """Random delays over the time that a whole run takes.

    That time is followed while it changes with the load of the machine, so that about a quarter of the processes
    come to their end.
    """

    def __init__(self, start: Callable[[], Child], seed: int) -> None:
        self._random = random.Random(seed)
        begun = time.perf_counter()
        assert start().wait() == 0
        self._window_s = time.perf_counter() - begun

    def kill(self, child: Child) -> None:
        """Kill a process after a random part of the time that it needs."""
        time.sleep(self._random.uniform(0, self._window_s))
        child.kill()
        child.wait()

    def follow(self, *, ended: bool) -> None:
        """Say whether the killed process had done its work."""
        self._window_s *= 0.94 if ended else 1.02


@dataclass
class Tally:
    """What the kills left: the state before or after, and with it the files of an unfinished snapshot."""

    before: int = 0
    after: int = 0
    leftovers: int = 0

    def __str__(self) -> str:
        return (
            f"{self.before + self.after} kills: {self.before} left the state before, {self.after} the state "
            f"after; {self.leftovers} left an unfinished snapshot behind"
        )


def has_leftovers(folder: Path) -> bool:
    """Return whether a killed writer left something that the next one has to remove."""
    return any(item.name.startswith(("incoming-", "discarded-")) for item in folder.iterdir())


def kill_at_random(
    start: Callable[[int], Child], state: Callable[[], int], folder: Path, *, rounds: int, seed: int = 0
) -> Tally:
    """Kill `rounds` processes that turn state 0 into 1 and back.

    `start(n)` starts a process that publishes state n to the store in `folder`, which is in state 0; `state()`
    opens the store, checks it completely and returns its state.
    """
    moments, tally, present = Moments(lambda: start(1), seed), Tally(), state()
    assert present == 1
    for number in range(rounds):
        wanted = 1 - present
        moments.kill(start(wanted))
        tally.leftovers += has_leftovers(folder)
        found = state()
        assert found in (present, wanted), f"kill {number} left a state that was never published"
        tally.after += found == wanted
        tally.before += found == present
        moments.follow(ended=found == wanted)
        present = found
    return tally
