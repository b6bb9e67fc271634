"""pyright and mypy accept what is right and find each planted mistake, and nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MISTAKES = {
    number for number, line in enumerate((HERE / "mistakes.py").read_text().splitlines(), 1) if line.endswith("# error")
}


def mypy(file, folder):
    """Return the lines of a file that mypy --strict finds fault with."""
    config = folder / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\nfollow_imports = silent\nignore_missing_imports = true\n")
    ended = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", config, "--cache-dir", folder.parent / "mypy", file],
        capture_output=True, text=True, env=os.environ | {"MYPYPATH": str(ROOT)},
    )  # fmt: skip
    assert ended.returncode in (0, 1) and not ended.stderr, ended.stderr
    return {int(m[1]) for m in re.finditer(r"\.py:(\d+): error", ended.stdout)}, ended.stdout


def pyright(file, folder):
    """Return the lines of a file that strict pyright finds fault with; types that other packages leave open pass."""
    config = {
        "include": [file.name], "extraPaths": [str(ROOT)], "pythonVersion": "3.11", "typeCheckingMode": "strict",
        **dict.fromkeys(("reportUnusedExpression", "reportMissingTypeStubs"), "none"),
        **{f"reportUnknown{kind}Type": "none" for kind in ("Member", "Argument", "Variable", "Parameter")},
    }  # fmt: skip
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    ended = subprocess.run(
        [sys.executable, "-m", "pyright", "--project", folder, "--pythonpath", sys.executable, "--outputjson"],
        capture_output=True, text=True,
    )  # fmt: skip
    report = json.loads(ended.stdout)
    assert report["summary"]["filesAnalyzed"] == 1
    found = [d for d in report["generalDiagnostics"] if d["severity"] == "error"]
    return {d["range"]["start"]["line"] + 1 for d in found}, ended.stdout


CHECKERS = [
    pytest.param(check, marks=pytest.mark.skipif(find_spec(check.__name__) is None, reason="needs the extra dev"))
    for check in (mypy, pyright)
]


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKERS)
def test_what_is_right_is_accepted(check, tmp_path):
    lines, output = check(Path(shutil.copy(HERE / "accepted.py", tmp_path)), tmp_path)
    assert lines == set(), output


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKERS)
def test_each_mistake_is_found_and_nothing_else(check, tmp_path):
    lines, output = check(Path(shutil.copy(HERE / "mistakes.py", tmp_path)), tmp_path)
    assert {"not found": MISTAKES - lines, "found though right": lines - MISTAKES} == {
        "not found": set(), "found though right": set(),
    }, output  # fmt: skip


def test_there_are_enough_mistakes():
    assert len(MISTAKES) >= 20
