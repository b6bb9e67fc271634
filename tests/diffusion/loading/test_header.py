"""Headers of safetensors files: what the format's own library writes is read, everything else is refused in words."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from graphexec.diffusion.loading.header import BadModelFile, read_header
from graphexec.errors import NodeError

names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).filter(
    lambda n: n != "__metadata__"
)
shapes = st.lists(st.integers(0, 4), max_size=3).map(tuple)


@given(st.dictionaries(names, st.tuples(shapes, st.sampled_from(["float32", "float16", "int64", "bool"])), max_size=5))
@settings(max_examples=50)
def test_reads_what_the_library_writes(tmp_path_factory, tensors):
    path = tmp_path_factory.mktemp("h") / "a.safetensors"
    path.write_bytes(save({n: np.zeros(s, d) for n, (s, d) in tensors.items()}, {"format": "pt"}))
    header = read_header(path)
    assert {n: t.shape for n, t in header.tensors.items()} == {n: s for n, (s, _) in tensors.items()}
    assert header.metadata == {"format": "pt"}


@given(st.data())
@settings(max_examples=200)
def test_no_damage_gets_past_the_error(tmp_path_factory, data):
    whole = save({"a": np.arange(6, dtype=np.float32), "b": np.zeros((2, 3), np.float16)}, {"k": "v"})
    torn = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place in data.draw(st.lists(st.integers(0, max(len(torn) - 1, 0)), max_size=4)):
        if torn:
            torn[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("h") / "a.safetensors"
    path.write_bytes(torn)
    try:
        header = read_header(path)
    except BadModelFile as error:
        assert "a.safetensors" in str(error)
    else:
        assert all(t.end <= len(torn) for t in header.tensors.values())


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"a": entry(shape=(3,))}, "as many bytes"),
        ({"a": entry(offsets=(0, 800), shape=(200,))}, "outside the file"),
        ({"a": entry(offsets=(8, 0))}, "outside the file"),
        ({"a": entry(), "b": entry(offsets=(4, 12))}, "overlaps"),
        ({"a": entry(dtype="F31")}, "element type"),
        ({"a": entry(shape=(-1,))}, "malformed"),
        ({"a": entry(shape=(True,), offsets=(0, 4))}, "malformed"),
        ({"a": entry(shape=(2**62, 2**62), offsets=(0, 8))}, "as many bytes"),
        ({"a": 1}, "malformed"),
        ({"__metadata__": {"a": 1}}, "metadata"),
        ([], "not a JSON object"),
    ],
)
def test_refuses_hostile_entries(tmp_path, header, words):
    text = json.dumps(header).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))
    with pytest.raises(BadModelFile, match=words):
        read_header(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"a": ' + json.dumps(entry()).encode() + b', "a": ' + json.dumps(entry()).encode() + b"}", "twice"),
        (b"[" * 200_000, "not JSON"),
        (b'{"a": \xff}', "not JSON"),
    ],
)
def test_refuses_hostile_texts(tmp_path, text, words):
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))
    with pytest.raises(BadModelFile, match=words):
        read_header(path)


def test_refuses_headers_longer_than_the_file_and_missing_files(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", 2**63) + b"{}")
    with pytest.raises(BadModelFile, match="cut short"):
        read_header(path)
    with pytest.raises(NodeError, match="cannot be read"):
        read_header(tmp_path / "none.safetensors")
