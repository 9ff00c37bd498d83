"""A callback for the Trainer of Hugging Face `transformers`: `Trainer(..., callbacks=[TrackingCallback(...)])`.

transformers is not imported: its Trainer calls a callback's methods by name, and asks for nothing else.
"""

import atexit
import os
from collections.abc import Callable
from typing import Any, Final

from lineage.errors import StoreError
from lineage.tracking.session import Recorded, TrackedRun, track

__all__ = ["TrackingCallback"]

# What a Trainer knows of its run at the end -> the attribute of the job
_FACTS: Final = {"global_step": "steps", "epoch": "epochs", "total_flos": "total_flos"}


class TrackingCallback:
    """Records each `trainer.train()` as a job; the arguments are those of `lineage.track`.

    Of several processes on a machine only the first measures, since what is measured is the machine; each machine
    of a cluster records a job of its own. Training that ends in an exception ends without a word to callbacks: it
    is recorded as failed when the next training begins or `close` is called; where Python ends, by the next lineage
    command.
    """

    def __init__(self, product: str, **about: Any) -> None:
        self._start: Callable[[], TrackedRun] = lambda: track(product, **about)
        self._start()  # wrong options are told now, not after the data is loaded
        self._run: TrackedRun | None = None
        self._process = 0
        self.recorded: list[Recorded] = []

    def __getattr__(self, name: str) -> Any:
        """Answer every other event of a Trainer, of this version or a later one, with nothing."""
        if name.startswith("on_"):
            return _nothing
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Start to measure."""
        self.close(reason="training broke off")
        if not getattr(state, "is_local_process_zero", True):
            return
        run = self._start()
        run.start()
        self._run, self._process = run, os.getpid()
        atexit.register(self._leave)

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Record what was measured, with steps, epochs and floating point operations."""
        if self._run is None:
            return
        facts = {ours: getattr(state, theirs, None) for theirs, ours in _FACTS.items()}
        self._run.note(**{name: float(value) for name, value in facts.items() if value is not None})
        self._finish()

    def close(self, *, reason: str = "closed") -> None:
        """Record a training that has not ended as a failed run; nothing happens without one."""
        if self._run is not None:
            self._finish(reason=reason)

    def _leave(self) -> None:
        """Leave what runs at the end of Python to the next command."""
        if self._run is not None and os.getpid() == self._process:  # not a copy that a data loader made
            self._run.leave("Python ended before the training did")

    def _finish(self, *, reason: str = "") -> None:
        run, self._run = self._run, None
        atexit.unregister(self._leave)
        if run is None:
            return
        try:
            self.recorded.append(run.finish(reason=reason))
        except StoreError as problem:  # hours of training must not fail at the last step over their record
            import warnings

            warnings.warn(str(problem), RuntimeWarning, stacklevel=3)


def _nothing(*args: Any, **more: Any) -> None:
    """Do nothing, and leave the Trainer's control as it is."""
