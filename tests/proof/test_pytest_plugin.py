"""The pytest plugin: what marked tests do, what they say when a render differs, and what they cost when unused."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml

from tests.cli.program import environment
from tests.project.commands import ROOT

pytest_plugins = ["pytester"]

FLOW = """\
graphexec: 1
parameters:
  colour: {type: INT, default: 4660}
nodes:
  colour:
    type: EmptyImage
    inputs: {width: 16, height: 16, batch_size: 1, color: {param: colour}}
  save:
    type: SaveImage
    inputs: {images: colour.IMAGE, filename_prefix: colour}
"""
PLAIN = """
import pytest

@pytest.mark.workflow("flow.yaml")
def test_flow():
    pass
"""
INSTALLED = any(point.value == "graphexec.pytest_plugin" for point in entry_points(group="pytest11"))


@pytest.fixture(scope="module", autouse=True)
def _everything_is_imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Runs within this process forget what they import, and torch cannot be imported twice: so import it before."""
    from graphexec.api import Session
    from graphexec.cli import sessions  # noqa: F401
    from graphexec.proof.checking import Disagreement, Wanted, check

    folder = tmp_path_factory.mktemp("first")
    flow = folder / "flow.yaml"
    flow.write_text(FLOW)
    wanted = Wanted(str(flow), folder / "flow.yaml.lock", {}, None, {})
    with Session(device="cpu", cache=None) as session:
        check(wanted, session, folder / "out", update=True)
        flow.write_text(FLOW.replace("4660", "4661"))
        with pytest.raises(Disagreement):
            check(wanted, session, folder / "out", update=False)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Return a function that runs pytest with the plugin in a project with a workflow; `-n` in processes of its own."""
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GRAPHEXEC_DEVICE", "cpu")
    (pytester.path / "flow.yaml").write_text(FLOW)
    loaded = () if INSTALLED else ("-p", "graphexec.pytest_plugin")

    def start(*arguments: str, alone: bool = False) -> pytest.RunResult:
        runner = pytester.runpytest_subprocess if alone or "-n" in arguments else pytester.runpytest_inprocess
        return runner(*loaded, "--strict-markers", "-ra", *arguments)

    return start


def other_colour(pytester: pytest.Pytester) -> None:
    (pytester.path / "flow.yaml").write_text(FLOW.replace("4660", "4661"))


def test_a_test_without_a_lock_says_how_to_write_one(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile(PLAIN)
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no lock *flow.yaml.lock: pytest --graphexec-update writes it*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*exception*")


def test_update_writes_the_lock_and_the_next_run_passes(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile(PLAIN)
    run("--graphexec-update").assert_outcomes(passed=1)
    assert (pytester.path / "flow.yaml.lock.d/save-0.png").is_file()
    run().assert_outcomes(passed=1)


def test_a_change_fails_with_the_drift_and_the_difference(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile(PLAIN)
    run("--graphexec-update")
    other_colour(pytester)
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([
        "*flow.yaml does not agree with its lock (pytest --graphexec-update accepts what it renders now)*",
        "*flow.yaml.lock:*: error GX911: node colour (EmptyImage): color was 4660, is now 4661",
        "*node save (SaveImage), output 0: FAILED: looks the same *",
    ])  # fmt: skip
    run("--graphexec-update").assert_outcomes(passed=1)
    run().assert_outcomes(passed=1)


def test_the_result_is_a_fixture(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile("""
        import pytest
        from pathlib import Path

        @pytest.mark.workflow("flow.yaml", params={"colour": 255})
        def test_flow(workflow_result, tmp_path):
            assert workflow_result.executed == ("colour", "save")
            assert Path(workflow_result.files[0]).is_relative_to(tmp_path)

        def test_session(graphexec_session):
            assert graphexec_session.check("flow.yaml") == []

        def test_without_marker(workflow_result):
            pass
    """)
    result = run("--graphexec-update")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*workflow_result needs a marker*"])
    (lock,) = pytester.path.glob("*.lock")
    assert lock.name == "flow.yaml.test_the_result_is_a_fixture-test_flow.lock"
    assert yaml.safe_load(lock.read_text())["changes"] == {"params": {"colour": 255}}


def test_levels_and_tolerances_of_the_marker_count_and_are_not_written(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.workflow("flow.yaml", tolerance={"max_error": 0.5})
        def test_strict(): pass

        @pytest.mark.workflow("flow.yaml", tolerance={"max_error": 1})
        def test_loose(): pass

        @pytest.mark.workflow("flow.yaml", level="perceptual", tolerance={"psnr": 30.0, "ssim": 0.9})
        def test_looks(): pass

        @pytest.mark.workflow("flow.yaml", level="sharp")
        def test_level(): pass

        @pytest.mark.workflow("flow.yaml", tolerance={"psnrr": 1})
        def test_wrong(): pass
    """)
    run("--graphexec-update")
    lock = pytester.path / "flow.yaml.lock"
    assert yaml.safe_load(lock.read_text())["outputs"][0]["tolerance"]["max_error"] == 0
    made = json.loads(json.dumps(yaml.safe_load(lock.read_text())))
    kept = pytester.path / "flow.yaml.lock.d/save-0.png"
    _pretend_one_level_less(lock, made, kept)
    result = run()
    result.assert_outcomes(passed=2, errors=3)
    result.stdout.fnmatch_lines(["*the tolerance of the workflow marker: psnrr: Extra inputs are not permitted*"])
    result.stdout.fnmatch_lines(["*expected one of bytes, tensors, perceptual, not 'sharp'*"])


def _pretend_one_level_less(lock: Path, made: dict, kept: Path) -> None:
    """Replace the expected picture by one whose pixels are one level off, and its digests in the lock."""
    import numpy as np
    from PIL import Image

    from graphexec.hashing import digest_bytes

    with Image.open(kept) as image:
        levels = np.asarray(image) ^ 1
    Image.fromarray(levels).save(kept)
    old, new = made["outputs"][0]["blake3"], digest_bytes(kept.read_bytes())
    lock.write_text(lock.read_text().replace(old, new).replace(made["outputs"][0]["values"], "f" * 64))


def test_a_workflow_that_fails_is_told_without_a_traceback(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile(PLAIN)
    (pytester.path / "flow.yaml").write_text(FLOW.replace("width: 16", "width: -1"))
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*flow.yaml:7:*error GX302*"])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('"flow.yaml", parms={}', "there is no argument 'parms': workflow(file, *, params=None"),
        ("", "it takes one file: workflow(file"),
        ("7", "it takes one file"),
    ],
)
def test_wrong_arguments_of_the_marker_are_refused(pytester: pytest.Pytester, run, arguments: str, said: str) -> None:
    pytester.makepyfile(f"import pytest\n@pytest.mark.workflow({arguments})\ndef test_flow(): pass\n")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{said}*"])


def test_two_tests_cannot_have_one_lock_for_different_renders(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.workflow("flow.yaml", lock="mine.lock", params={"colour": 1})
        def test_one(): pass

        @pytest.mark.workflow("flow.yaml", lock="mine.lock", params={"colour": 2})
        def test_two(): pass
    """)
    result = run("--graphexec-update")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_two and *test_one render different things but have one lock, mine.lock*"])
    assert not list(pytester.path.glob("*.lock"))


@pytest.mark.slow
def test_many_workers_write_each_lock_whole(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", range(8))
        @pytest.mark.workflow("flow.yaml")
        def test_same(number): pass

        @pytest.mark.workflow("flow.yaml", seed=None, set={"colour.color": 5})
        def test_other(): pass
    """)
    run("-n", "2", "--graphexec-update").assert_outcomes(passed=9)
    run("-n", "2").assert_outcomes(passed=9)
    assert len(list(pytester.path.glob("*.lock"))) == 2
    assert not list(pytester.path.rglob("*.part"))


def test_the_session_can_be_replaced(pytester: pytest.Pytester, run) -> None:
    pytester.makeconftest("""
        import pytest, graphexec

        @pytest.fixture(scope="session")
        def graphexec_session():
            with graphexec.Session(device="cpu", noise="comfyui-0.5", cache=None) as session:
                yield session
    """)
    pytester.makepyfile(PLAIN)
    run("--graphexec-update").assert_outcomes(passed=1)
    assert yaml.safe_load((pytester.path / "flow.yaml.lock").read_text())["policy"]["noise"] == "comfyui-0.5"


def test_a_workflow_is_found_beside_the_test_or_in_the_root(pytester: pytest.Pytester, run) -> None:
    (pytester.path / "deep").mkdir()
    (pytester.path / "deep/test_deep.py").write_text(PLAIN)
    pytester.makeini("[pytest]")
    run("--graphexec-update").assert_outcomes(passed=1)
    assert (pytester.path / "flow.yaml.lock").exists()


def test_unused_it_imports_nothing() -> None:
    program = (
        "import sys, dataclasses, pytest; before = set(sys.modules); import graphexec.pytest_plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment())
    assert ran.stdout.split() == ["graphexec", "graphexec.pytest_plugin"]


def test_tests_without_workflows_load_nothing(pytester: pytest.Pytester, run) -> None:
    pytester.makepyfile("""
        import sys

        def test_plain():
            assert not {"torch", "numpy", "pydantic", "yaml", "graphexec.api"} & set(sys.modules)
    """)
    run("-p", "no:hypothesispytest", alone=True).assert_outcomes(passed=1)


def test_it_is_installed_with_the_package() -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    assert points["pytest11"] == {"graphexec": "graphexec.pytest_plugin"}
