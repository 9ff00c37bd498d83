"""Which engine runs, what happens without numba, and compiling ahead."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from lineage.cli import main
from lineage.errors import OptionError
from lineage.kernels import jit
from lineage.run import Run
from lineage.testing import graph
from lineage.views import network
from lineage.views.cost import cost
from lineage.views.network import NUMBA_EDGES, PLAIN_EDGES, chosen_engine


def machine(monkeypatch: pytest.MonkeyPatch, *, installed: bool, loaded: bool) -> None:
    monkeypatch.setattr(network, "installed", lambda: installed)
    monkeypatch.setattr(network, "at_hand", lambda: loaded)


@pytest.mark.parametrize(
    ("edges", "installed", "loaded", "engine"),
    [
        (PLAIN_EDGES - 1, True, True, "plain"),
        (PLAIN_EDGES, True, False, "scipy"),
        (PLAIN_EDGES, True, True, "numba"),
        (NUMBA_EDGES - 1, True, False, "scipy"),
        (NUMBA_EDGES, True, False, "numba"),
        (NUMBA_EDGES, False, False, "scipy"),
    ],
)
def test_auto_goes_by_size_and_by_what_is_there(
    monkeypatch: pytest.MonkeyPatch, edges: int, installed: bool, loaded: bool, engine: str
) -> None:
    machine(monkeypatch, installed=installed, loaded=loaded)
    assert chosen_engine(Run(), edges) == engine


def test_numba_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, installed=False, loaded=False)
    made = graph("a -> b", own={"a": 1})
    with pytest.raises(OptionError, match=r"pip install 'lineage-epc\[fast\]'"):
        cost(made, Run(engine="numba"))
    assert cost(made, Run(engine="scipy")).engine == "scipy"


def test_the_result_says_which_engine_ran() -> None:
    pytest.importorskip("numba", reason="not installed: pip install numba")
    made = graph("a -> b, c", "b, c -> d", own={"a": 8, "b": 1})
    told = {engine: cost(made, Run(engine=engine)) for engine in ("plain", "scipy", "numba")}
    assert [result.engine for result in told.values()] == list(told)
    for side in range(3):
        assert len({result.carried[side].tobytes() for result in told.values()}) == 1


def test_nothing_loads_numba_unasked(tmp_path: Path) -> None:
    code = (
        "import sys, lineage, numpy; from lineage.views.network import network;"
        "from lineage.kernels.sparse import Structure; print('numba' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.slow
def test_warmup_compiles_into_the_folder_that_is_named(tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="not installed: pip install numba")
    done = subprocess.run(
        [sys.executable, "-m", "lineage", "warmup", "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
        env={"NUMBA_CACHE_DIR": str(tmp_path), "PATH": "", "PYTHONPATH": ":".join(sys.path)},
    )
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["kernels"] >= 10 and told["folders"]
    for folder in told["folders"]:
        assert Path(folder).is_relative_to(tmp_path) and list(Path(folder).glob("*.nbc"))


def test_warmup_without_numba_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "installed", lambda: False)
    result = CliRunner().invoke(main, ["warmup"])
    assert result.exit_code == 1 and "pip install 'lineage-epc[fast]'" in result.stderr


def test_a_kernel_is_compiled_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    numba = pytest.importorskip("numba", reason="not installed: pip install numba")
    plain = numba.njit
    asked = []

    def refusing(**options: Any) -> Any:
        asked.append(options)
        if options.get("cache"):
            raise RuntimeError("cannot cache function 'twice': no locator available for file")
        return plain(**options)

    monkeypatch.setattr(numba, "njit", refusing)

    def twice(x: Any) -> Any:
        return 2 * x

    assert jit.kernel(twice)(np.float64(4)) == 8.0 and len(asked) == 2
    jit.KERNELS.pop()
