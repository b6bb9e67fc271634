"""Runs of sweeps: files by values, failures that stop nothing, and going on where an earlier run was stopped."""

import csv
import io
import json

import pytest
from PIL import Image

from graphexec.api import Session
from graphexec.errors import Interrupted, InvalidWorkflow, UsageError
from graphexec.execute.cancel import Cancel
from graphexec.hashing import digest_bytes
from graphexec.sweep import sweep
from tests.support import painting


@pytest.fixture
def session(tmp_path):
    session = Session(output=tmp_path, cache=None)
    session.registry = painting.registry()
    painting.calls.clear()
    return session


def contents(folder):
    """Return what a clean run always leaves: pictures and sheets as they are, manifests without times and counts."""
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".png"}
    cells = json.loads((folder / "sweep.json").read_text())["cells"]
    varying = ("seconds", "executed", "reused")
    found["cells"] = [{k: v for k, v in cell.items() if k not in varying} for cell in cells]
    return found


def test_each_cell_has_its_picture_and_is_in_the_manifest(session, tmp_path):
    result = sweep(session, painting.flow(), matrix={"mix.red": [10, 200], "tint.blue": [1, 2, 3]}, name="s")
    assert [path.name for path in result.files] == [f"red={r},blue={b}.png" for r in (10, 200) for b in (1, 2, 3)]
    for path, cell in zip(result.files, result.cells):
        with Image.open(path) as image:
            assert image.getpixel((0, 0)) == (cell.values["mix.red"], 1, 5 + cell.values["tint.blue"])
            assert json.loads(image.text["prompt"])["mix"]["inputs"]["red"] == cell.values["mix.red"]
        assert cell.files[0].digest == digest_bytes(path.read_bytes()) and cell.status == "done"
    manifest = json.loads((tmp_path / "s/sweep.json").read_text())
    assert [cell["values"] for cell in manifest["cells"]] == [dict(cell.values) for cell in result.cells]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "s/sweep.csv").read_text())))
    assert [(row["mix.red"], row["tint.blue"], row["status"]) for row in rows][3] == ("200", "1", "done")
    assert sorted(p.name for p in (tmp_path / "s").iterdir() if p.suffix != ".png") == [
        ".lock",
        "sweep.csv",
        "sweep.json",
    ]


def test_shared_work_is_done_once(session):
    sweep(session, painting.flow(), matrix={"tint.blue": [1, 2, 3], "mix.red": [1, 2]}, name="s")
    assert [painting.calls.count(type) for type in ("Mix", "Tint", "Paint")] == [2, 6, 6]


def test_with_no_memory_to_keep_anything_neighbours_still_share(tmp_path):
    from graphexec.store.memory import OVERHEAD

    session = Session(output=tmp_path, cache=None, memory=4 * OVERHEAD)
    session.registry = painting.registry()
    painting.calls.clear()
    sweep(session, painting.flow(), matrix={"tint.blue": [*range(6)], "mix.red": [1, 2, 3, 4]}, name="s")
    assert painting.calls.count("Mix") == 4


def test_a_cell_that_fails_stops_no_other_and_is_tried_again(session, tmp_path):
    result = sweep(session, painting.flow(), matrix={"tint.blue": [12, 13, 14]}, name="s")
    assert [cell.status for cell in result.cells] == ["done", "failed", "done"]
    assert result.failed[0].error == "node tint (Tint) failed: 13 is no colour" and not result.failed[0].files
    painting.calls.clear()
    again = sweep(session, painting.flow(), matrix={"tint.blue": [12, 13, 14]}, name="s")
    assert painting.calls == ["Tint"] and [cell.earlier for cell in again.cells] == [True, False, True]


def test_done_cells_are_not_run_again_unless_their_files_changed(session, tmp_path):
    matrix = {"tint.blue": [1, 2, 3, 4]}
    before = contents(sweep(session, painting.flow(), matrix=matrix, name="s").folder)
    (tmp_path / "s/blue=2.png").unlink()
    (tmp_path / "s/blue=3.png").write_bytes(b"something else")
    fresh = Session(output=tmp_path, cache=None)
    fresh.registry = painting.registry()
    again = sweep(fresh, painting.flow(), matrix=matrix, name="s")
    assert [cell.earlier for cell in again.cells] == [True, False, False, True]
    assert contents(again.folder) == before and again.counts.cells == 2


def test_more_values_run_only_the_new_cells(session, tmp_path):
    sweep(session, painting.flow(), matrix={"tint.blue": [1, 3]}, name="s")
    more = sweep(session, painting.flow(), matrix={"tint.blue": [1, 2, 3]}, name="s")
    assert [cell.earlier for cell in more.cells] == [True, False, True]
    clean = sweep(session, painting.flow(), matrix={"tint.blue": [1, 2, 3]}, name="clean")
    pictures = [{n: d for n, d in contents(r.folder).items() if n.startswith("blue")} for r in (more, clean)]
    assert pictures[0] == pictures[1]


def test_another_sweep_or_other_files_are_not_written_over(session, tmp_path):
    sweep(session, painting.flow(), matrix={"tint.blue": [1, 2]}, name="s")
    with pytest.raises(UsageError, match="holds another sweep"):
        sweep(session, painting.flow(), matrix={"tint.blue": [2, 3]}, name="s")
    sweep(session, painting.flow(), matrix={"tint.blue": [2, 3]}, name="s", fresh=True)
    assert sorted(p.name for p in (tmp_path / "s").glob("blue*")) == ["blue=2.png", "blue=3.png"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="holds no sweep"):
        sweep(session, painting.flow(), matrix={"tint.blue": [2, 3]}, name="mine")
    for name in ("../out", "/abs", "a/../../b"):
        with pytest.raises(UsageError):
            sweep(session, painting.flow(), matrix={"tint.blue": [1]}, name=name)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"schema_version": 1, "cells": [{"number": 1}]}', '{"schema_version": 9}']
)
def test_a_manifest_that_is_none_is_refused(session, tmp_path, text):
    (tmp_path / "s").mkdir()
    (tmp_path / "s/sweep.json").write_text(text)
    with pytest.raises(UsageError, match="not the manifest of a sweep"):
        sweep(session, painting.flow(), matrix={"tint.blue": [1]}, name="s")


def test_a_manifest_cannot_name_files_elsewhere(session, tmp_path):
    sweep(session, painting.flow(), matrix={"tint.blue": [1]}, name="s")
    (tmp_path / "precious").write_text("x")
    path = tmp_path / "s/sweep.json"
    path.write_text(path.read_text().replace("blue=1.png", "../precious"))
    with pytest.raises(UsageError, match="outside of its folder"):
        sweep(session, painting.flow(), matrix={"tint.blue": [1]}, name="s", fresh=True)
    assert (tmp_path / "precious").exists()


def test_a_stopped_sweep_goes_on(session, tmp_path):
    cancel, matrix = Cancel(), {"tint.blue": [1, 2, 3, 4]}

    def stop(event):
        if event.kind == "cell_finished" and event.cell == 2:
            cancel.set()

    with pytest.raises(Interrupted):
        sweep(session, painting.flow(), matrix=matrix, name="s", listener=stop, cancel=cancel)
    manifest = json.loads((tmp_path / "s/sweep.json").read_text())
    assert [cell["status"] for cell in manifest["cells"]] == ["done", "done", "pending", "pending"]
    again = sweep(session, painting.flow(), matrix=matrix, name="s")
    assert [cell.earlier for cell in again.cells] == [True, True, False, False]
    assert contents(again.folder) == contents(sweep(session, painting.flow(), matrix=matrix, name="clean").folder) | {
        "contact-sheet.png": (again.folder / "contact-sheet.png").read_bytes()  # it has the sweep's name on it
    }


def test_one_process_at_a_time(session, tmp_path):
    from graphexec.sweep.folder import locked

    with locked(tmp_path / "s"), pytest.raises(UsageError, match="another process"):
        sweep(session, painting.flow(), matrix={"tint.blue": [1]}, name="s")


def test_names_that_would_be_equal_or_long_are_numbers(session):
    texts = ["a b", "a/b", "ä", "x" * 300, "A", "a", "../../etc", ""]
    result = sweep(session, painting.flow(), matrix={"mix.name": texts}, name="s")
    assert [path.name for path in result.files] == [
        "cell-0001.png", "cell-0002.png", "name=ä.png", f"name={'x' * 40}.png", "cell-0005.png", "cell-0006.png",
        "name=..-..-etc.png", "name=.png",
    ]  # fmt: skip


def test_several_files_of_a_cell_are_numbered(session):
    result = sweep(session, painting.flow(), matrix={"paint.copies": [1, 3]}, name="s")
    assert [[file.name for file in cell.files] for cell in result.cells] == [
        ["copies=1.png"], ["copies=3.png", "copies=3-2.png", "copies=3-3.png"],
    ]  # fmt: skip


def test_nothing_is_written_when_a_value_is_wrong(session, tmp_path):
    with pytest.raises(InvalidWorkflow):
        sweep(session, painting.flow(), matrix={"tint.blue": [1, 999]}, name="s")
    assert not (tmp_path / "s").exists() and not painting.calls


@pytest.mark.parametrize(("sizes", "sheets"), [((5,), 1), ((2, 3), 1), ((2, 2, 3), 2), ((2, 3, 1, 2), 6)])
def test_there_is_a_sheet_for_every_combination_of_the_outer_axes(session, sizes, sheets):
    names = ["mix.red", "tint.blue", "mix.seed", "paint.copies"]
    result = sweep(session, painting.flow(), matrix={n: range(1, s + 1) for n, s in zip(names, sizes)}, name="s")
    assert len(result.sheets) == sheets and all(path.is_file() for path in result.sheets)


def test_zip_and_table_and_a_table_file(session, tmp_path):
    (tmp_path / "t.csv").write_text("mix.seed\n7\n8\n")
    result = sweep(
        session, painting.flow(), zip={"mix.red": [1, 2], "tint.blue": [3, 4]}, table=tmp_path / "t.csv", name="s"
    )
    assert [tuple(cell.values.values()) for cell in result.cells] == [(1, 3, 7), (1, 3, 8), (2, 4, 7), (2, 4, 8)]


def test_half_a_character_from_a_command_line_is_written_as_its_escape(session, tmp_path):
    matrix = {"mix.name": ["a\udc80", "b"]}
    first = sweep(session, painting.flow(), matrix=matrix, name="s")
    assert [cell.status for cell in first.cells] == ["done", "done"]
    assert json.loads((tmp_path / "s/sweep.json").read_text())["cells"][0]["values"] == {"mix.name": "a\udc80"}
    assert [cell.earlier for cell in sweep(session, painting.flow(), matrix=matrix, name="s").cells] == [True, True]
