"""The journal: runs and recipes that outlive processes, however these end, within bounds."""

import json
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import time

import pytest

from graphexec.store import journal
from graphexec.store.journal import Journal, Made, Outcome

DONE = Outcome("done", 1.5, executed=3, reused=1, files=1, report='{"a": 1}')


@pytest.fixture
def book(tmp_path):
    book = Journal(tmp_path / "cache")
    yield book
    book.close()
    assert book.trouble is None


def add(book, *made, outcome=DONE, workflow="flow.json"):
    number = book.begin(workflow)
    book.end(number, outcome, made)
    return number


def test_a_run_is_kept_for_the_next_process(book, tmp_path):
    number = add(book, Made("k", "T", {"literals": {"x": 1}}, True))
    again = Journal(tmp_path / "cache")
    (run,) = again.runs()
    assert (run.id, run.workflow, run.status, run.seconds) == (number, "flow.json", "done", 1.5)
    assert (run.executed, run.reused, run.files, again.report(number)) == (3, 1, 1, '{"a": 1}')
    assert again.made("k") == Made("k", "T", {"literals": {"x": 1}}, True) and again.made("j") is None
    assert again.run(number) == run and again.run(99) is None


def test_asking_makes_no_file(book):
    assert book.runs() == [] and book.run(1) is None and book.report(1) is None and book.made_of("T", 5) == []
    assert not book.path.parent.exists()


def test_runs_come_the_newest_first_and_numbers_are_never_used_again(book, monkeypatch):
    monkeypatch.setattr(journal, "_BOUND", ("DELETE FROM runs",))
    first = add(book)
    monkeypatch.setattr(journal, "_BOUND", ())
    assert [run.id for run in (add(book), add(book)) and book.runs()] == [first + 2, first + 1]
    assert len(book.runs(1)) == 1


def test_steps_of_a_type_come_the_newest_first(book):
    add(book, *(Made(k, "T", {}, True) for k in "ab"), Made("z", "U", {}, False))
    add(book, Made("a", "T", {"again": 1}, False))
    assert [step.key for step in book.made_of("T", 5)] == ["a", "b"]
    assert book.made("a") == Made("a", "T", {"again": 1}, False)
    assert [step.key for step in book.made_of("T", 1)] == ["a"]


BEGIN = """
import os, sys
from pathlib import Path
from graphexec.store.journal import Journal
number = Journal(Path(sys.argv[1])).begin("killed.json")
print(number, flush=True)
sys.stdin.readline()
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_runs_under_way_and_killed_are_told_apart(book):
    command = [sys.executable, "-c", BEGIN, str(book.path.parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        number = int(process.stdout.readline())
        assert book.run(number).status == "running"
        process.communicate("\n")
    run = book.run(number)
    assert (run.status, run.seconds, run.workflow) == ("killed", None, "killed.json")


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files")
def test_a_process_with_the_number_of_a_dead_one_is_not_taken_for_it(book):
    number = book.begin("flow.json")
    assert book.run(number).status == "running"
    book.close()
    with sqlite3.connect(book.path) as connection:
        connection.execute("UPDATE runs SET started = started - 864000")
    connection.close()
    assert book.run(number).status == "killed", "this process is younger than ten days"


def test_a_run_of_another_place_counts_as_under_way_for_a_day(book, monkeypatch):
    monkeypatch.setattr(journal, "here", lambda: "elsewhere")
    number = book.begin("flow.json")
    monkeypatch.undo()
    assert book.run(number).status == "running"
    later = time.time() + journal.LASTS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert book.run(number).status == "killed"


def test_what_is_too_old_goes(tmp_path, monkeypatch):
    bound = tuple(
        query.replace(str(journal.RUNS), "3").replace(str(journal.REPORTS), "20").replace(str(journal.RECIPES), "4")
        for query in journal._BOUND
    )
    monkeypatch.setattr(journal, "_BOUND", bound)
    book = Journal(tmp_path)
    numbers = [add(book, Made(f"k{n}", "T", {"n": n}, True), Made("again", "T", {}, True)) for n in range(6)]
    assert [run.id for run in book.runs()] == numbers[:2:-1]
    assert [book.report(n) is None for n in numbers[3:]] == [True, False, False], "2 of 8 characters fit"
    assert {step.key for step in book.made_of("T", 9)} == {"again", "k3", "k4", "k5"}


def test_one_run_and_one_recipe_cannot_fill_it(book, monkeypatch):
    monkeypatch.setattr(journal, "OF_A_RUN", 2)
    add(book, Made("long", "T", {"text": "x" * journal.LONGEST}, True), *(Made(k, "T", {}, True) for k in "abc"))
    assert [step.key for step in book.made_of("T", 9)] == ["a"]


@pytest.mark.parametrize("content", [b"", b"no database" * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_damaged_file_is_set_aside(book, content):
    book.path.parent.mkdir()
    book.path.write_bytes(content)
    assert book.run(add(book)).status == "done"
    assert len(list(book.path.parent.glob("*.unusable-*"))) == (content != b"")


def test_a_file_of_another_version_is_set_aside(book):
    add(book)
    book.close()
    with sqlite3.connect(book.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert len(book.runs()) == 0 and book.begin("flow.json") == 1


def test_trouble_is_told_and_stops_nothing(tmp_path):
    (tmp_path / "cache").write_text("a file where the directory should be")
    book = Journal(tmp_path / "cache")
    assert book.begin("flow.json") is None and "cannot be used" in book.trouble


def _runs(directory, count):
    book = Journal(directory)
    for number in range(count):
        add(book, Made(f"{os.getpid()} {number}", "T", {"n": number}, True))
    sys.exit(book.trouble is not None)


def test_many_processes_share_it(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_runs, args=(tmp_path, 25)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 8
    book = Journal(tmp_path)
    assert len(book.runs()) == len(book.made_of("T", 1000)) == 200
    assert all(json.loads(book.report(run.id)) == {"a": 1} for run in book.runs())
