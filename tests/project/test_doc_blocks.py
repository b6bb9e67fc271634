"""Every code block of the pages in docs/ does what it shows: commands run, programs run, files are what they say."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import yaml

from graphexec.document.load import read
from graphexec.document.model import Source
from tests.project.commands import ROOT
from tests.project.doc_blocks import Block, blocks, run_python, run_shell, set_the_scene

PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if blocks(page)]
LANGUAGES = {"sh", "python", "yaml", "json", "toml", "", "{toctree}"}
"""Blocks without a language are what commands print."""


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks(page: Path, tmp_path: Path) -> None:
    set_the_scene(page, tmp_path)
    program: list[str] = []
    done = 0
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{page.name}:{block.line}: a block of {block.language}"
        if not block.is_run:
            continue
        if block.file is not None:
            (tmp_path / block.file).write_text(block.text)
        if block.language == "sh":
            if len(program) > done:
                _run(program, tmp_path)
                done = len(program)
            run_shell(block, tmp_path)
        elif block.language == "python" and block.file is None:
            program.append(block.text)
        elif block.language in ("yaml", "json", "toml"):
            _read(block)
    if len(program) > done:
        _run(program, tmp_path)


def _run(program: list[str], home: Path) -> None:
    """Run the blocks so far as one program: later blocks use what earlier ones made."""
    (home / "program.py").write_text("".join(program))
    run_python(home / "program.py", home)


def _read(block: Block) -> None:
    """Read a file as what it says it is; workflows as workflows."""
    if block.language == "toml":
        tomllib.loads(block.text)
        return
    value = yaml.safe_load(block.text) if block.language == "yaml" else json.loads(block.text)
    if isinstance(value, dict) and "graphexec" in value:
        document, findings = read(Source("block", block.text, "yaml" if block.language == "yaml" else "json"))
        assert document is not None and findings == []


def test_a_block_that_does_not_do_what_it_says_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("x\n\n<!-- status: 3 -->\n```sh\nexit 3\n```\n\n```python\nassert False\n```\n")
    command, program = blocks(page)
    assert (command.line, command.status, command.language) == (4, 3, "sh")
    run_shell(command, tmp_path)
    with pytest.raises(AssertionError):
        _run([program.text], tmp_path)
    with pytest.raises(AssertionError, match="line 1"):
        run_shell(Block("sh", "false\ntrue\n", 1, ""), tmp_path)
