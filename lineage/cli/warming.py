"""The command `warmup`."""

import click

from lineage.cli.options import output_options
from lineage.cli.output import Answer, Grid, Output
from lineage.errors import MissingExtra

__all__ = ["warmup_command"]


@click.command("warmup")
@output_options
def warmup_command(output: Output) -> None:
    """Compile the fast engine ahead of time, and say where the compiled code is kept.

    Without this, the first run that uses it waits some seconds. The code is kept beside the installed package, or else
    in the user's cache folder; the variable NUMBA_CACHE_DIR names another place, which an installation that
    cannot be written to may need.

    \b
    Example:
      lineage warmup
    """
    from lineage.kernels.jit import installed

    if not installed():
        raise MissingExtra("the engine numba", "fast")
    from lineage.kernels.warmup import warm_up

    kernels, folders = warm_up()
    places = [str(folder) for folder in folders]
    none = "No folder can be written: set NUMBA_CACHE_DIR to one, or every process compiles anew."
    output.show(
        Answer(
            document={"schema": "lineage/warmup/1", "kernels": kernels, "folders": places},
            records=[{"folder": place} for place in places],
            columns=("folder",),
            title=f"{kernels} kernels compiled",
            grid=Grid(("kept in",), [(place,) for place in places]),
            notes=[] if places else [none],
        )
    )
