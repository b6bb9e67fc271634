"""What a start of the program imports: nothing heavy before a node needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import program

NUMERIC = {"torch", "numpy", "safetensors", "PIL", "tokenizers"}
PROBE = """
import sys
from graphexec.cli import main
try:
    main()
finally:
    print("imported:", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def imported(*arguments: str, cwd: Path) -> set[str]:
    """Return the top-level modules that the program has imported when it ends."""
    ended = program(*arguments, cwd=cwd, python=("-c", PROBE))
    assert ended.status == 0, ended.err
    return set(ended.err.splitlines()[-1].removeprefix("imported:").split())


def test_help_imports_nothing_heavy(home: Path) -> None:
    assert not imported("--help", cwd=home) & (NUMERIC | {"networkx", "pydantic", "yaml", "rich"})


SWEEP = ("sweep", "--matrix", "2.filename_prefix=a,b", "--dry-run")


@pytest.mark.parametrize("arguments", [("check",), ("plan",), ("graph",), SWEEP])
def test_verbs_that_run_nothing_import_no_tensors(home: Path, copy: str, arguments: tuple[str, ...]) -> None:
    assert not imported(*arguments, copy, cwd=home) & (NUMERIC | {"networkx", "rich"})


def test_checking_an_api_file_imports_no_pydantic(home: Path, copy: str) -> None:
    """Typer from 0.26 on imports it to convert options, which costs a check half of its time (ADR 5)."""
    assert "pydantic" not in imported("check", copy, cwd=home)


def test_the_probe_sees_what_a_run_imports(home: Path, copy: str) -> None:
    """The tests above could pass because the probe is blind: a run of image nodes needs numpy or torch."""
    assert imported("run", copy, cwd=home) & NUMERIC


DEFERRED = {"scipy", "torchsde", "pydantic", "networkx", "rich", "fsspec", "spandrel", "numpy.testing", "torch._dynamo"}
"""What some nodes or verbs need, and a plain run does not: each costs tenths of a second to import."""
ALL_MODULES = PROBE.replace('{name.partition(".")[0] for name in sys.modules}', "sys.modules")
RENDER = ("run", "example:hello", "--set", "sampler.steps=1", "--threads", "1")


def rendered(home: Path, program_text: str = ALL_MODULES) -> set[str]:
    """Return the modules that a run of the shipped example has imported, `--cache off` as it computes everything."""
    ended = program(*RENDER, "--cache", "off", cwd=home, python=("-c", program_text))
    assert ended.status == 0, ended.err
    return set(ended.err.splitlines()[-1].removeprefix("imported:").split())


def test_a_render_imports_what_it_needs_and_torch(home: Path) -> None:
    """A cold run of the shipped example is to spend its time in importing torch and in sampling."""
    modules = rendered(home)
    assert {"torch", "tokenizers", "sqlite3"} <= modules, "the test would not see it"
    assert not modules & DEFERRED


def test_a_cached_render_imports_no_tensors(home: Path) -> None:
    first = program(*RENDER, cwd=home)
    assert first.status == 0, first.err
    assert not imported(*RENDER, cwd=home) & (NUMERIC | DEFERRED)


def test_module_and_script_are_the_same_program(home: Path) -> None:
    by_module = program("--help", cwd=home)
    by_script = program("--help", cwd=home, python=("-c", "from graphexec.cli import main; main()"))
    assert by_module.out == by_script.out != ""
