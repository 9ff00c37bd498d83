"""Where every failure of a command ends: one message on stderr and an exit code; a traceback only on request."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from lineage.errors import LineageError, OptionError

__all__ = ["State", "report_failure", "standing_streams"]

FINE, DOMAIN, MISUSE, INTERRUPTED, NOBODY_READS = 0, 1, 2, 130, 141


@dataclass
class State:
    """What the error boundary must know of the command that ran."""

    verbose: bool = False
    quiet: bool = False


class _StreamClosed(Exception):
    """Nobody reads our output any more."""


@contextmanager
def standing_streams() -> Iterator[None]:
    """Keep output going in narrow encodings, and tell a closed pipe from other failures."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    stdout = sys.stdout
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise _StreamClosed from error
    except (
        SystemExit
    ) as error:  # click ends so when a pipe closes under it, and puts a mute stream in stdout's place
        if sys.stdout is not stdout:
            sys.stdout = stdout
            raise _StreamClosed from error
        raise


def report_failure(error: BaseException, state: State) -> int:
    """Say what went wrong on stderr, once, and return the exit code.

    An unexpected exception is said to be a mistake of ours, with the way to report it; it is never passed over.
    """
    if isinstance(error, _StreamClosed):
        _drop_stdout()
        return NOBODY_READS
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        _say("interrupted")
        return INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return MISUSE
    if isinstance(error, click.UsageError):
        if error.ctx is not None:
            click.echo(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help'.", err=True)
        _say(error.format_message())
        return MISUSE
    if state.verbose or os.environ.get("LINEAGE_DEBUG"):
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, click.ClickException):
        _say(error.format_message())
        return error.exit_code
    if isinstance(error, LineageError):
        _say(str(error))
        return MISUSE if isinstance(error, OptionError) else DOMAIN
    if isinstance(error, OSError) and error.strerror:
        _say(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
        return DOMAIN
    _say(f"{type(error).__name__}: {error}")
    click.echo(
        "This is a mistake in lineage itself, not in your input. Please report it with the command you gave and\n"
        "what the same command prints with --verbose.",
        err=True,
    )
    return DOMAIN


def _say(message: str) -> None:
    from lineage.reports.escaping import visible

    lines = "\n".join(visible(line) for line in message.splitlines())
    click.echo(f"error: {lines}", err=True)


def _drop_stdout() -> None:
    """Send what is left in the buffer nowhere, so that the interpreter's last flush does not complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
