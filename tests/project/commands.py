"""The repository's files as the tests of the project see them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def marked_commands(name: str) -> str:
    """Return the commands of README in the fenced block under `<!-- ci: name -->`."""
    found = re.search(rf"<!-- ci: {name} -->\n```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found, f"README has no block marked {name!r}"
    return found[1]
