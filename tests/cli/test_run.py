"""`graphexec run`: what is written, what is printed where, and the exit status."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.cli.program import call, save, workflow

LOAD = ("LoadImage", {"image": "hills.png"})
SAVE = save("1", "kept")


def test_standard_output_holds_the_paths_of_files_written_and_nothing_else(home: Path, copy: str) -> None:
    ended = call("run", copy)
    assert (ended.status, ended.out) == (0, "output/copy_00001_.png\n")
    picture = Image.open(home / "output/copy_00001_.png")
    assert picture.tobytes() == Image.open(home / "input/hills.png").tobytes()
    assert '"class_type": "SaveImage"' in picture.text["prompt"]


def test_a_second_run_finds_its_file_and_writes_no_other(home: Path, copy: str) -> None:
    assert [call("run", copy).out for _ in range(2)] == ["output/copy_00001_.png\n"] * 2
    assert len(list((home / "output").iterdir())) == 1


def test_directories_and_name_are_options(home: Path, copy: str) -> None:
    (home / "elsewhere").mkdir()
    (home / "input/hills.png").rename(home / "elsewhere/hills.png")
    ended = call("run", copy, "--input", "elsewhere", "--output", "out", "--name", "sub/mine")
    assert (ended.status, ended.out) == (0, "out/sub/mine_00001_.png\n")


def test_what_finished_before_a_failure_is_kept(home: Path) -> None:
    file = workflow(
        home / "f.json", {"1": LOAD, "2": SAVE, "3": ("Step", {"value": 4}), "4": ("Fail", {"value": ["3", 0]})}
    )
    ended = call("run", file, "--nodes", "pack.py")
    assert (ended.status, ended.out) == (3, "output/kept_00001_.png\n")
    assert "error: node 4 (Fail) failed: ValueError: no luck \\x1b[31m today\n" in ended.err
    assert "value = 5 (output 0 of node 3)" in ended.err
    assert "Traceback" not in ended.err and "\x1b" not in ended.err


def test_debug_shows_where_a_node_failed(home: Path) -> None:
    file = workflow(home / "f.json", {"1": ("Fail", {"value": 4})})
    ended = call("run", file, "--nodes", "pack.py", "--debug")
    assert ended.status == 3 and 'pack.py", line' in ended.err and "\x1b" not in ended.err


def test_a_workflow_with_errors_does_not_run(home: Path) -> None:
    file = workflow(home / "f.json", {"1": LOAD, "2": SAVE, "3": save("9", "x")})
    ended = call("run", file)
    assert (ended.status, ended.out) == (1, "")
    assert "f.json:1:" in ended.err and "error GX203" in ended.err and "Traceback" not in ended.err
    assert not (home / "output").exists()


def test_a_target_selects_a_valid_part(home: Path) -> None:
    file = workflow(home / "f.json", {"1": LOAD, "2": SAVE, "3": save("9", "x")})
    assert call("run", file, "--target", "2").out == "output/kept_00001_.png\n"


def test_one_file_with_errors_does_not_keep_the_others_from_running(home: Path, copy: str) -> None:
    bad = workflow(home / "bad.json", {"1": ("Nope", {})})
    fails = workflow(home / "fails.json", {"1": ("Fail", {"value": 4})})
    ended = call("run", bad, copy, "--nodes", "pack.py")
    assert (ended.status, ended.out) == (1, "output/copy_00001_.png\n")
    assert call("run", fails, bad, copy, "--nodes", "pack.py").status == 3


def test_standard_input_is_a_file(home: Path, copy: str) -> None:
    text = Path(copy).read_text()
    assert call("run", "-", input=text).out == "output/copy_00001_.png\n"
    assert call("run", "-", "-", input=text).status == 2
    broken = call("run", "-", input=b"\xff\xfe\x00")
    assert broken.status == 1 and "<stdin>: error GX101" in broken.err


def test_values_can_be_set(home: Path) -> None:
    file = workflow(home / "f.json", {"a": ("Step", {"value": 1}), "b": ("Fail", {"value": ["a", 0]})})
    ended = call("run", file, "--nodes", "pack.py", "--set", "a.value=41")
    assert "value = 42" in ended.err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((), "Missing argument"),
        (("copy.json", "--sett", "x=1"), "No such option"),
        (("copy.json", "--set", "x"), "--set: expected name=value"),
        (("copy.json", "--set", "1.image=a", "--set", "1.image=b"), "--set: '1.image' is given twice"),
        (("copy.json", "--deadline", "-1"), "--deadline: expected a number of seconds above 0"),
        (("copy.json", "--deadline", "soon"), "'--deadline'"),
        (("copy.json", "--dtype", "fp8"), "--dtype: expected one of auto, fp32"),
        (("copy.json", "--models", "nowhere"), "no models directory 'nowhere' (set by command line (--models))"),
        (("example:helo",), "no example is called 'helo': did you mean 'hello'?"),
    ],
)
def test_wrong_use_is_status_2_and_says_what_is_wrong(copy: str, arguments: tuple[str, ...], part: str) -> None:
    ended = call("run", *arguments)
    assert (ended.status, ended.out) == (2, "") and part in ended.err and "Traceback" not in ended.err


def test_a_file_that_cannot_be_written_is_a_failure_of_its_node(home: Path, copy: str) -> None:
    (home / "output").write_text("a file where the directory should be")
    ended = call("run", copy)
    assert (ended.status, ended.out) == (3, "")
    assert "error: node 2 (SaveImage) failed" in ended.err and "Traceback" not in ended.err


def test_previews_are_written_only_on_demand(home: Path) -> None:
    preview = ("PreviewImage", {"images": ["1", 0]})
    file = workflow(home / "f.json", {"1": LOAD, "2": SAVE, "3": preview})
    assert call("run", file).lines == ["output/kept_00001_.png"]
    assert len(call("run", file, "--previews").lines) == 2
