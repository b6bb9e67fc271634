"""Artifacts into files: names, counters, reuse, containment, and kills and crowds while writing."""

import errno
import io
import json
import multiprocessing
import os
import signal
import struct
import sys
import time
from datetime import datetime

import pytest
from PIL import Image
from safetensors import safe_open

from graphexec.ports import Artifact
from graphexec.report import writing
from graphexec.report.metadata import png_texts
from graphexec.report.place import OutputFailed, place

NOW = datetime(2026, 3, 7)


def picture(seed: int = 0, **fields) -> Artifact:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 4), (seed % 256, seed // 256, 0)).save(buffer, format="PNG")
    return Artifact("image/png", buffer.getvalue(), **{"prefix": "ComfyUI", "suffix": ".png", **fields})


def names(placed):
    return [file.path.name for file in placed.files]


def test_names_count_from_one_and_carry_the_workflow(tmp_path):
    placed = place([("9", picture(1)), ("9", picture(2))], tmp_path, {"9": {}}, {"nodes": []}, now=NOW)
    assert names(placed) == ["ComfyUI_00001_.png", "ComfyUI_00002_.png"]
    assert placed.ui == {
        "9": {"images": [{"filename": n, "subfolder": "", "type": "output"} for n in names(placed)]},
    }
    assert png_texts(placed.files[0].path.read_bytes()) == {"prompt": '{"9": {}}', "workflow": '{"nodes": []}'}


def test_the_counter_follows_the_highest_number_of_the_prefix(tmp_path):
    for name in (
        "ComfyUI_00007_.png",
        "ComfyUI_00003_.latent",
        "ComfyUI_x_.png",
        "ComfyUIx_00090_.png",
        "ComfyUI_.png",
    ):
        (tmp_path / name).touch()
    (tmp_path / "ComfyUI_00041_").mkdir()
    assert names(place([("1", picture())], tmp_path)) == ["ComfyUI_00042_.png"]


def test_a_second_run_reports_the_same_files(tmp_path):
    batch = [("1", picture(i)) for i in range(3)]
    first = place(batch, tmp_path, {"1": {"inputs": {}}})
    again = place(batch, tmp_path, {"1": {"inputs": {}}})
    assert [f.path for f in again.files] == [f.path for f in first.files]
    assert all(f.unchanged for f in again.files) and not any(f.unchanged for f in first.files)
    assert len(list(tmp_path.iterdir())) == 3


def test_another_workflow_or_picture_is_written_anew(tmp_path):
    place([("1", picture(1)), ("1", picture(2))], tmp_path, {"a": 1})
    other_prompt = place([("1", picture(1)), ("1", picture(2))], tmp_path, {"a": 2})
    assert names(other_prompt) == ["ComfyUI_00003_.png", "ComfyUI_00004_.png"]
    one_new = place([("1", picture(1)), ("1", picture(5))], tmp_path, {"a": 2})
    assert names(one_new) == ["ComfyUI_00003_.png", "ComfyUI_00005_.png"]


def test_only_the_newest_files_count_as_there(tmp_path):
    place([("1", picture(1))], tmp_path)
    place([("1", picture(2))], tmp_path)
    assert names(place([("1", picture(1))], tmp_path)) == ["ComfyUI_00003_.png"]


def test_equal_pictures_of_one_run_are_two_files(tmp_path):
    for _ in range(2):
        placed = place([("1", picture(1)), ("2", picture(1))], tmp_path)
        assert sorted(names(placed)) == ["ComfyUI_00001_.png", "ComfyUI_00002_.png"]


def test_subfolders_patterns_and_batch_numbers(tmp_path):
    pair = [("1", picture(i, prefix="%date:yyyy%/w%width%_%batch_num%", width=8, batch_index=i)) for i in range(2)]
    placed = place(pair, tmp_path / "new", now=NOW)
    assert [f.path.relative_to(tmp_path).as_posix() for f in placed.files] == [
        "new/2026/w8_0_00001_.png",
        "new/2026/w8_1_00001_.png",
    ]
    assert placed.ui["1"]["images"][1]["subfolder"] == "2026"


def test_name_replaces_the_prefixes(tmp_path):
    placed = place(
        [("1", picture(1)), ("2", picture(2, prefix="other"))],
        tmp_path,
        {"1": {"class_type": "K", "inputs": {"seed": 5}}},
        name="s%K.seed%",
    )
    assert names(placed) == ["s5_00001_.png", "s5_00002_.png"]


def test_previews_are_written_only_on_request_or_alone(tmp_path):
    preview, output = ("1", picture(1, prefix="preview", role="preview")), ("2", picture(2))
    assert names(place([preview, output], tmp_path)) == ["ComfyUI_00001_.png"]
    both = place([preview, output], tmp_path, previews=True)
    assert both.files[0].path == tmp_path / "previews" / "preview_00001_.png"
    alone = place([preview], tmp_path)
    assert alone.files[0].path == both.files[0].path and alone.files[0].unchanged
    assert alone.ui["1"]["images"][0]["subfolder"] == "previews"


@pytest.mark.parametrize(
    "prefix", ["../x", "a/../../x", "/etc/x", "C:\\x", "..\\x", "con", "a\x1bb", "", "/", "a/nul/b"]
)
def test_no_prefix_leads_out(tmp_path, prefix):
    output = tmp_path / "output"
    with pytest.raises(OutputFailed) as caught:
        place([("7", picture(prefix=prefix))], output)
    assert caught.value.node == "7" and "\x1b" not in str(caught.value)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_pattern_cannot_lead_out_either(tmp_path):
    prompt = {"1": {"class_type": "A", "inputs": {"b": ".."}}}
    with pytest.raises(OutputFailed):
        place([("7", picture(prefix="%A.b%/x"))], tmp_path / "output", prompt)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_cannot_lead_out(tmp_path):
    output, outside = tmp_path / "output", tmp_path / "outside"
    output.mkdir()
    outside.mkdir()
    (output / "sub").symlink_to(outside)
    with pytest.raises(OutputFailed, match="leads out"):
        place([("7", picture(prefix="sub/deeper/x"))], output)
    assert not list(outside.iterdir())


class Pieces:
    """A safetensors file of `size` bytes that exists only while it is iterated; counts how far it was read."""

    def __init__(self, size):
        self.size, self.made = size, 0

    def __iter__(self):
        header = json.dumps({"x": {"dtype": "U8", "shape": [self.size], "data_offsets": [0, self.size]}}).encode()
        header += b" " * (-len(header) % 8)
        yield struct.pack("<Q", len(header)) + header
        for start in range(0, self.size, 1000):
            self.made += 1
            yield bytes(min(1000, self.size - start))


def test_large_files_are_written_piece_by_piece_with_their_metadata(tmp_path):
    def save(size, prompt):
        pieces = Pieces(size)
        (file,) = place(
            [("1", Artifact("application/x-safetensors", pieces, "m", ".safetensors"))], tmp_path, prompt
        ).files
        return file, pieces.made

    first, _ = save(2500, {"a": 1})
    with safe_open(first.path, "np") as saved:
        assert saved.metadata() == {"prompt": '{"a": 1}'}
        assert saved.get_tensor("x").shape == (2500,)
    again, made = save(2500, {"a": 1})
    assert again.path == first.path and again.unchanged and made == 3
    longer, _ = save(2600, {"a": 1})
    other, made = save(2600, {"a": 2})
    assert not longer.unchanged and not other.unchanged and made == 3


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(path, content):
        path.write_bytes(next(iter(content))[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    place([("1", picture(1))], tmp_path)
    monkeypatch.setattr(writing, "_write", full)
    with pytest.raises(OutputFailed, match="disk is full") as caught:
        place([("1", picture(1)), ("2", picture(2))], tmp_path)
    assert caught.value.node == "2" and len(caught.value.files) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["ComfyUI_00001_.png"]


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path):
    (tmp_path / "sub").write_text("")
    with pytest.raises(OutputFailed, match="cannot write"):
        place([("1", picture(prefix="sub/x"))], tmp_path)


def test_file_systems_without_links(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    placed = place([("1", picture(1)), ("1", picture(2))], tmp_path)
    assert names(placed) == ["ComfyUI_00001_.png", "ComfyUI_00002_.png"]
    assert writing.create(placed.files[0].path, [b"other"]) is False
    assert sorted(p.name for p in tmp_path.iterdir()) == names(placed)
    assert Image.open(placed.files[1].path).getpixel((0, 0)) == (2, 0, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_files_get_the_permissions_of_the_umask(tmp_path):
    placed = place([("1", picture())], tmp_path)
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    assert placed.files[0].path.stat().st_mode == ordinary.stat().st_mode


def _crowd(folder, first):
    for seed in range(first, first + 15):
        place([("1", picture(seed))], folder)


def test_many_processes_never_share_a_name(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_crowd, args=(tmp_path, 100 * n)) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    files = sorted(tmp_path.iterdir())
    assert [f.name for f in files] == [f"ComfyUI_{n:05}_.png" for n in range(1, 46)]
    colours = {Image.open(f).getpixel((0, 0))[:2] for f in files}
    assert colours == {(s % 256, s // 256) for n in range(3) for s in range(100 * n, 100 * n + 15)}


def _endless(folder):
    big = Artifact("text/plain", b"x" * 20_000_000, "big", ".txt")
    while True:
        place([("1", Artifact("text/plain", big.content[:-1] + os.urandom(1), "big", ".txt"))], folder)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kill_leaves_no_torn_file(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=_endless, args=(tmp_path,))
    process.start()
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob("big_0000[3-9]_.txt")) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    finished = list(tmp_path.glob("big_*"))
    assert finished and all(path.stat().st_size == 20_000_000 for path in finished)


def test_texts_of_other_kinds_are_left_alone(tmp_path):
    placed = place([("1", Artifact("text/plain", b"hello", "note", ".txt", ui_key="text"))], tmp_path, {"a": 1})
    assert placed.files[0].path.read_bytes() == b"hello"
    assert list(placed.ui["1"]) == ["text"]


def test_the_prompt_in_a_file_is_json_of_the_prompt(tmp_path):
    prompt = {"3": {"class_type": "K", "inputs": {"seed": 2**64 - 1, "text": "日本"}}}
    placed = place([("3", picture())], tmp_path, prompt)
    assert json.loads(png_texts(placed.files[0].path.read_bytes())["prompt"]) == prompt
