"""The example in the documentation is a valid file."""

import re
from pathlib import Path

from tests.document.reading import read_text

PAGE = Path(__file__).parents[2] / "docs" / "workflow-files.md"


def test_the_example_reads_without_findings():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    document, found = read_text(example, "yaml")
    assert found == []
    assert list(document.nodes) == ["base", "positive"]
    assert list(document.parameters) == ["prompt", "steps", "sampler"]
