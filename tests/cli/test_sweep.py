"""The verb `sweep`: its plan, its lines, its statuses."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

from tests.cli.program import call, save, start, workflow


def flow(home: Path) -> str:
    """Return a workflow that colours a picture."""
    nodes = {
        "1": ("EmptyImage", {"width": 16, "height": 8, "batch_size": 1, "color": 0}),
        "2": ("Step", {"value": 0, "seconds": 0.0}),
        "3": save("1", "x"),
        "4": ("Show", {"value": ["2", 0]}),
    }
    return workflow(home / "flow.json", nodes)


def test_a_dry_run_tells_the_plan_and_writes_nothing(home: Path) -> None:
    ended = call(
        "sweep", flow(home), "--nodes", "pack.py", "--matrix", "1.color=1..4", "--zip", "2.value=7,8", "--dry-run"
    )
    assert (ended.status, ended.lines) == (0, ["8 cells: 18 other nodes, 14 shared"])
    assert not (home / "output").exists()


def test_a_plan_as_json(home: Path) -> None:
    ended = call("sweep", flow(home), "--nodes", "pack.py", "--matrix", "1.color=1,2", "--dry-run", "--json")
    plan = json.loads(ended.out)
    assert plan["counts"]["cells"] == 2 and plan["cells"][1] == {"number": 2, "values": {"1.color": 2}}


def test_paths_are_printed_as_cells_end_and_the_sheet_last(home: Path) -> None:
    ended = call("sweep", flow(home), "--nodes", "pack.py", "--matrix", "1.color=255,65280", "--name", "reds")
    assert ended.status == 0
    assert ended.lines == [f"output/reds/{name}" for name in ("color=255.png", "color=65280.png", "contact-sheet.png")]
    assert "\n2 cells: " in ended.err
    assert (
        call("sweep", flow(home), "--nodes", "pack.py", "--matrix", "1.color=255,65280", "--name", "reds").out
        == ended.out
    )


def test_events_are_lines_of_json(home: Path) -> None:
    ended = call("sweep", flow(home), "--nodes", "pack.py", "--matrix", "1.color=1,2", "--json")
    kinds = [(event["event"], event["cell"]) for event in ended.events]
    assert kinds[0] == ("cell_started", 1) and kinds[-1] == ("cell_finished", 2)
    assert ended.events[-1]["files"][0]["name"] == "color=2.png"


def test_a_table_from_a_file(home: Path) -> None:
    (home / "t.csv").write_text("1.color,2.value\n1,5\n2,6\n")
    assert (
        call("sweep", flow(home), "--nodes", "pack.py", "--from", "t.csv").lines[-1] == "output/flow/contact-sheet.png"
    )


def test_wrong_values_are_status_1_and_all_told(home: Path) -> None:
    ended = call(
        "sweep", flow(home), "--nodes", "pack.py", "--matrix", "1.color=1,x", "--zip", "2.valu=1", "--from", "t.csv"
    )
    assert ended.status == 1 and not (home / "output").exists()
    places = [line.split(": ")[0] for line in ended.err.splitlines() if " error GX" in line]
    assert sorted(places) == ["--matrix:1:11", "--zip:1:8", "t.csv"]


def test_a_failing_cell_is_status_3_and_another_sweep_is_status_2(home: Path) -> None:
    path = workflow(home / "fail.json", {"1": ("Step", {"value": 1}), "2": ("Fail", {"value": ["1", 0]})})
    ended = call("sweep", path, "--nodes", "pack.py", "--matrix", "1.value=1,2")
    assert ended.status == 3
    assert "error: cell 2 (1.value = 2): node 2 (Fail) failed: ValueError: no luck \\x1b[31m today" in ended.err
    good = flow(home)
    assert call("sweep", good, "--nodes", "pack.py", "--matrix", "1.color=1,2").status == 0
    assert call("sweep", good, "--nodes", "pack.py", "--matrix", "1.color=3,4").status == 2
    assert call("sweep", good, "--nodes", "pack.py", "--matrix", "1.color=3,4", "--fresh").status == 0


def test_ctrl_c_and_the_deadline_stop_a_sweep_which_then_goes_on(home: Path) -> None:
    path = workflow(
        home / "slow.json", {"1": ("Step", {"value": 1, "seconds": 0.0}), "2": ("Show", {"value": ["1", 0]})}
    )
    arguments = ("sweep", path, "--nodes", "pack.py", "--zip", "1.value=1,2", "--zip", "1.seconds=0,60.0")
    process = start(*arguments, cwd=home)
    ends = time.monotonic() + 60
    while time.monotonic() < ends and '"done"' not in read(home / "output/slow/sweep.json"):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted" in err, (out, err)
    assert call(*arguments, "--deadline", "0.5").status == 124
    cells = json.loads(read(home / "output/slow/sweep.json"))["cells"]
    assert [cell["status"] for cell in cells] == ["done", "pending"]


def read(path: Path) -> str:
    """Return the text of a file, empty while it is not there."""
    return path.read_text() if path.exists() else ""
