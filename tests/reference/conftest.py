"""The models and input files of the reference cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference.checkpoints import manifest, write


@pytest.fixture(scope="session")
def reference_models(request: pytest.FixtureRequest) -> Path:
    """A models directory with every tiny checkpoint, kept in pytest's cache between runs."""
    models = Path(request.config.cache.mkdir("reference-models"))
    for family in manifest():
        write(family, models)
    return models


@pytest.fixture(scope="session")
def reference_input() -> Path:
    """The pictures and latents that the cases load."""
    return Path(__file__).parent / "input"
