"""Broken workflows and the text that is shown for each, compared word for word.

`UPDATE_GOLDENS=1 pytest tests/golden` writes the texts anew: read the difference before you commit it. A case is
`NAME.txt` with the workflow `NAME.json` or `NAME.yaml`; `NAME.options` holds what else is given to the check.
"""

import json
import os
from pathlib import Path

import pytest

from graphexec.api import Session
from graphexec.diagnostics.codes import CODES
from graphexec.diagnostics.model import Severity
from graphexec.diagnostics.render_text import render_text
from graphexec.diagnostics.summary import ordered, strict, summary
from graphexec.errors import InvalidWorkflow

CASES = Path(__file__).parent / "cases"
FILES = "../files"
WORKFLOWS = {path.stem: path for path in sorted(CASES.iterdir()) if path.suffix in (".json", ".yaml")}
OPTIONS = {path.stem: json.loads(path.read_text()) for path in CASES.glob("*.options")}
NAMES = sorted({*WORKFLOWS, *OPTIONS})

ELSEWHERE = {
    "GX111": "takes a file of 128 MiB: tests/document",
    "GX505": "takes another installation: tests/registry",
    "GX801": "is about configuration: tests/config",
    **dict.fromkeys(("GX810", "GX811", "GX812", "GX813", "GX814", "GX815"), "axes of a sweep: tests/sweep"),
    **dict.fromkeys(("GX901", "GX902", "GX911", "GX912", "GX913", "GX914", "GX915"), "lock files: tests/proof"),
    **dict.fromkeys(("GX120", "GX121", "GX122", "GX123", "GX124", "GX125"), "editor files: tests/document/editor"),
    **dict.fromkeys(("GX126", "GX127"), "pictures: tests/document/pictures"),
    **dict.fromkeys(("GX220", "GX221", "GX222", "GX223", "GX224", "GX225"), "editor files: tests/document/editor"),
}
"""Codes that no workflow file can produce, and where they are tested."""


def findings(name):
    options = dict(OPTIONS.get(name, {}))
    upgrade = strict if options.pop("strict", False) else list
    models = options.pop("models", f"{FILES}/models")
    session = Session(
        models=models, input=f"{FILES}/input", output=f"{FILES}/output", nodes=options.pop("nodes", ()), cache=None
    )
    workflow = options.pop("workflow", None) or WORKFLOWS[name].name
    try:
        graph, found = session.build(workflow, files_required=models is not None, **options)
    except InvalidWorkflow as error:
        graph, found = None, list(error.diagnostics)
    stopped = any(finding.severity is Severity.ERROR for finding in found)
    assert (graph is None) == stopped, "a graph exists if and only if nothing is an error"
    return ordered(upgrade(found))


@pytest.mark.parametrize("name", NAMES)
def test_text(name, monkeypatch):
    monkeypatch.chdir(CASES)
    found = findings(name)
    text = f"{render_text(found)}\n\n{summary(found)}\n".replace(str(CASES.parent), "...")
    golden = CASES / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_every_code_has_a_case():
    texts = "".join(path.read_text(encoding="utf-8") for path in CASES.glob("*.txt"))
    missing = {code for code in CODES if f" {code}: " not in texts}
    assert missing == set(ELSEWHERE) & set(CODES)


def test_no_golden_without_workflow():
    assert {path.stem for path in CASES.glob("*.txt")} == set(NAMES)
