"""The code blocks of the pages in docs/, and a directory in which they can be run as a reader would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tests.project.commands import ROOT

_BLOCK = re.compile(
    r"(?:^<!-- (?P<marks>[^\n]*) -->\n)?^(?P<fence>```+)(?P<language>[\w{}-]*)[^\n]*\n(?P<text>.*?)^(?P=fence)$",
    re.M | re.S,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A code block: its language, its text, its line in the page, and the comment above it.

    `<!-- file: NAME -->` writes the text to a file first, `<!-- status: 1 -->` is the status that a command ends with,
    `<!-- before: COMMAND -->` prepares what the page takes for granted, `<!-- not run: network -->` (or
    `checkout`) says what a block needs that a test does not have.
    """

    language: str
    text: str
    line: int
    marks: str

    @property
    def file(self) -> str | None:
        """The file that the page calls this text."""
        return self._mark("file")

    @property
    def status(self) -> int:
        """The status that the last command of the block must have."""
        return int(self._mark("status") or 0)

    @property
    def before(self) -> str:
        """Commands that run before those of the block."""
        return self._mark("before") or ""

    @property
    def is_run(self) -> bool:
        """Whether the block can be run without a network, and outside a checkout."""
        return self._mark("not run") not in ("network", "checkout")

    def _mark(self, name: str) -> str | None:
        return self.marks.removeprefix(f"{name}: ") if self.marks.startswith(f"{name}: ") else None


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(m["language"], m["text"], text.count("\n", 0, m.start("fence")) + 1, m["marks"] or "")
        for m in _BLOCK.finditer(text)
    ]


def set_the_scene(page: Path, home: Path) -> None:
    """Lay out what a page takes for granted: models, pictures, workflows, a repository, `graphexec` on the path.

    A page that begins with `<!-- scene: empty -->` gets the program and a clone of graphexec, and nothing else.
    """
    (home / "bin").mkdir()
    for name, options in (("graphexec", "-m graphexec "), ("python", "")):
        program = home / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {options}"$@"\n')
        program.chmod(0o755)
    (home / "src").mkdir()
    (home / "src/graphexec").symlink_to(ROOT)
    if page.read_text(encoding="utf-8").startswith("<!-- scene: empty -->"):
        return
    checkpoints = home / "ComfyUI/models/checkpoints"
    checkpoints.mkdir(parents=True)
    write = [sys.executable, ROOT / "workflows/tiny_checkpoint.py", checkpoints / "tiny.safetensors"]
    subprocess.run(write, check=True)
    (checkpoints / "v1-5-pruned-emaonly.safetensors").symlink_to("tiny.safetensors")
    (home / "models").symlink_to("ComfyUI/models")
    settings = home / ".config/graphexec/graphexec.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'models = ["{home / "models"}"]\n')
    shutil.copytree(ROOT / "tests/project/scene", home, dirs_exist_ok=True)
    (home / "input").mkdir()
    Image.new("RGB", (64, 48), (40, 120, 200)).save(home / "input/scene.png")
    subprocess.run(["git", "init", "-q"], cwd=home, check=True)


def run_shell(block: Block, home: Path) -> None:
    """Run a block of commands with the shell; a failing command fails the test with what it said."""
    ended = subprocess.run(
        ["bash", "-eu", "-c", f"{block.before}\n{block.text}"],
        cwd=home,
        capture_output=True,
        text=True,
        env=surroundings(home),
    )
    assert ended.returncode == block.status, f"line {block.line}:\n{block.text}\n{ended.stdout}\n{ended.stderr}"


def run_python(program: Path, home: Path) -> None:
    """Run a program made of the Python blocks of a page."""
    ended = subprocess.run([sys.executable, program], cwd=home, capture_output=True, text=True, env=surroundings(home))
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment of a reader whose home is the scene."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GRAPHEXEC_", "XDG_CONFIG"))}
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return kept | {
        "HOME": str(home),
        "PATH": path,
        "PYTHONPATH": f"{home}{os.pathsep}{ROOT}",
        "XDG_CACHE_HOME": str(home / ".cache"),
    }
