"""Digests of files: when they may be remembered, and when not."""

import os
import time

import pytest

from graphexec.hashing import digest_file
from graphexec.plan.fingerprints import YOUNG, Fingerprints
from graphexec.ports import PlainHooks
from graphexec.store.disk import DiskStore


class Reader:
    def __init__(self):
        self.count = 0

    def __call__(self, path):
        self.count += 1
        return digest_file(path)


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"one")
    return path


def later():
    return time.time() + 10 * YOUNG


def test_an_old_file_is_read_once(reader, file):
    fingerprints = Fingerprints(reader, later)
    assert fingerprints.of(file) == fingerprints.of(file) and reader.count == 1


def test_a_young_file_is_read_every_time(reader, file):
    fingerprints = Fingerprints(reader)
    fingerprints.of(file)
    fingerprints.of(file)
    assert reader.count == 2


@pytest.mark.parametrize(
    "change", ["content of another size", "same size, other time", "another file of the same times"]
)
def test_a_changed_file_is_read_again(reader, file, change):
    fingerprints = Fingerprints(reader, later)
    before = fingerprints.of(file)
    status = file.stat()
    if change == "another size":
        file.write_bytes(b"three")
    elif change == "another time":
        file.write_bytes(b"two")
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    else:
        other = file.with_name("other")
        other.write_bytes(b"two")
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        other.replace(file)
    assert fingerprints.of(file) != before and reader.count == 2


def test_a_file_that_changes_while_it_is_read_is_not_remembered(file):
    reads = []

    def slow(path):
        reads.append(digest_file(path))
        if len(reads) == 1:
            file.write_bytes(b"three")
        return reads[-1]

    fingerprints = Fingerprints(slow, later)
    fingerprints.of(file)
    assert fingerprints.of(file) == digest_file(file) and len(reads) == 2


def test_missing_files_raise(tmp_path):
    with pytest.raises(OSError):
        Fingerprints().of(tmp_path / "none")


@pytest.fixture
def memo(tmp_path):
    store = DiskStore(tmp_path / "cache", PlainHooks(), 1 << 20)
    yield store
    store.close()


def test_another_process_need_not_read_an_old_file(reader, file, memo):
    first = Fingerprints(reader, later, memo).of(file)
    assert Fingerprints(reader, later, memo).of(file) == first and reader.count == 1


def test_a_young_file_is_not_remembered_for_other_processes(reader, file, memo):
    Fingerprints(reader, memo=memo).of(file)
    Fingerprints(reader, later, memo).of(file)
    assert reader.count == 2


@pytest.mark.parametrize("place", range(5))
def test_every_part_of_a_files_state_counts(reader, file, memo, place):
    Fingerprints(reader, later, memo).of(file)
    state, digest = memo.recall(file)
    memo.remember(file, tuple(value + (index == place) for index, value in enumerate(state)), digest)
    Fingerprints(reader, later, memo).of(file)
    assert reader.count == 2


def test_a_number_is_counted_once_for_each_content(file, memo):
    counted = []

    def count(path):
        counted.append(path.read_bytes())
        return len(counted)

    def number(name="size"):
        return Fingerprints(clock=later, memo=memo).number(name, file, count)

    assert (number(), number(), number("other")) == (1, 1, 2)
    file.write_bytes(b"two")
    assert (number(), number()) == (3, 3)
    file.write_bytes(b"one")
    assert number() == 1 and len(counted) == 3
    assert Fingerprints().number("size", file, count) == 4, "without a memo each process counts"


def test_numbers_are_counted_once_for_each_content(tmp_path):
    path, counted = tmp_path / "model", []
    path.write_bytes(b"12")
    fingerprints = Fingerprints()

    def count(file):
        counted.append(file)
        return len(file.read_bytes())

    assert [fingerprints.number("length", path, count) for _ in range(3)] == [2, 2, 2] and len(counted) == 1
    path.write_bytes(b"123")
    assert fingerprints.number("length", path, count) == 3 and len(counted) == 2
    assert fingerprints.number("other", path, lambda file: 7) == 7
