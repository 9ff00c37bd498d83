"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bolt_servers import neo4j_address, neo4j_server

__all__ = ["neo4j_address", "neo4j_server", "samples"]

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci", max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, begin with the files that take long: none ends alone with one."""
    if hasattr(config, "workerinput"):
        long = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real sample files, or a skip that says what to set."""
    folder = os.environ.get("LINEAGE_SAMPLES")
    if not folder:
        pytest.skip("set LINEAGE_SAMPLES to the folder of real sample files to run this test")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"LINEAGE_SAMPLES={folder} is not a folder")
    return path
