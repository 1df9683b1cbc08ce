"""What tests of several rooms share: a small real city, made once for all tests."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data beside the project; tests that need it are skipped where it is absent, but never in CI."""
    if not SHARED.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("CI must have the shared data beside the project")
        pytest.skip("needs the shared data, which is not on this machine")
    return SHARED
