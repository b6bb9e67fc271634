"""Sources: files, standard input and dicts, and what keeps them from being read."""

import io
import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document import text_files
from graphexec.document.load import load_source, read
from graphexec.document.model import Link
from graphexec.errors import InvalidWorkflow
from tests.document.reading import codes_of

PROMPT = {"3": {"class_type": "K", "inputs": {"model": ["4", 0], "text": "é😀"}}}
FORM = "graphexec: 1\nnodes: {a: {type: X}}\n"


def refusal(origin, **options):
    with pytest.raises(InvalidWorkflow) as caught:
        load_source(origin, **options)
    (found,) = caught.value.diagnostics
    return found


def test_a_file(tmp_path):
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(PROMPT), encoding="utf-8")
    source = load_source(path)
    assert (source.name, source.format, source.directory) == (str(path), "json", str(tmp_path))
    document, found = read(source)
    assert found == []
    assert document.nodes["3"].inputs["text"] == "é😀"
    assert load_source(str(path), name="shown").name == "shown"


def test_a_relative_path_keeps_its_name_and_knows_its_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "flow.yaml").write_text(FORM)
    source = load_source("sub/flow.yaml")
    assert (source.name, source.format, source.directory) == ("sub/flow.yaml", "yaml", str(tmp_path / "sub"))


@pytest.mark.parametrize(
    ("name", "text", "format"),
    [
        ("x.json", "nodes: 1", "json"),
        ("x.JSON", "", "json"),
        ("x.yaml", FORM, "yaml"),
        ("x.yaml", '\n {\n "3": {}}', "json"),
        ("x.yaml", "{graphexec: 1}", "yaml"),
        ("x.yml", "{}", "json"),
        ("x", "[1]", "json"),
        ("x", "", "yaml"),
        ("x.txt", "# c\n3: {}", "yaml"),
    ],
)
def test_the_format_follows_name_and_first_characters(tmp_path, name, text, format):
    path = tmp_path / name
    path.write_text(text)
    assert load_source(path).format == format


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_byte_order_mark_and_any_line_ends(tmp_path, line_end):
    path = tmp_path / "flow.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (FORM + "nam: x\n").replace("\n", line_end).encode())
    from graphexec.document.locate import locate

    source = load_source(path)
    document, found = read(source)
    assert list(document.nodes) == ["a"]
    (found,) = locate(found, source)
    assert (found.span.line, found.span.column, found.excerpt) == (3, 1, "nam: x")


def test_missing_files_name_similar_ones(tmp_path):
    (tmp_path / "flow.json").write_text("{}")
    found = refusal(tmp_path / "folw.json")
    assert (found.code, found.file) == ("GX101", str(tmp_path / "folw.json"))
    assert "flow.json" in found.hint
    assert "no directory" in refusal(tmp_path / "none" / "x.json").hint


def test_directories_and_impossible_names(tmp_path):
    assert (refusal(tmp_path).code, "directory" in refusal(tmp_path).message) == ("GX101", True)
    assert refusal("a\0b").code == "GX101"
    assert refusal("x" * 5000).code == "GX101"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_files_that_may_not_be_read(tmp_path):
    path = tmp_path / "flow.json"
    path.write_text("{}")
    path.chmod(0)
    assert "permission" in refusal(path).message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("{}".encode("utf-16"), "UTF-8"),
        (b'{"a": "\xe9"}', "0xe9 at offset 7 (line 1)"),
        (b"\xff\xd8\xff", "0xff"),
        (b"\n\n\xff", "line 3"),
    ],
)
def test_files_that_are_not_utf8(tmp_path, data, words):
    path = tmp_path / "flow.json"
    path.write_bytes(data)
    found = refusal(path)
    assert found.code == "GX101"
    assert words in f"{found.message} {found.hint}"


def test_large_files_are_refused_without_being_read(tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "MAX_BYTES", 100)
    path = tmp_path / "flow.json"
    path.write_text(" " * 100)
    assert load_source(path).text == " " * 100
    path.write_text(" " * 101)
    assert refusal(path).code == "GX111"


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs /dev/zero")  # noqa: PTH110
def test_endless_files_are_refused(monkeypatch):
    monkeypatch.setattr(text_files, "MAX_BYTES", 1000)
    assert refusal("/dev/zero").code == "GX111"


def test_standard_input(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(json.dumps(PROMPT).encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    source = load_source("-")
    assert (source.name, source.format, source.directory) == ("<stdin>", "json", None)
    assert list(read(source)[0].nodes) == ["3"]


def test_a_dict():
    source = load_source(PROMPT)
    assert (source.name, source.format) == ("<workflow>", "json")
    document, found = read(source)
    assert found == []
    assert dict(document.nodes["3"].inputs) == {"model": Link("4", 0), "text": "é😀"}
    assert source.text.count("\n") == 3


def test_a_dict_is_copied():
    value = {"3": {"class_type": "K", "inputs": {"map": {"a": [1]}}}}
    document = read(load_source(value))[0]
    value["3"]["inputs"]["map"]["a"].append(2)
    assert document.nodes["3"].inputs["map"] == {"a": [1]}


def test_findings_about_a_dict_have_the_line_of_their_node():
    from graphexec.document.locate import locate

    source = load_source({"1": {"class_type": "K", "inputs": {}}, "2": {"class_type": "K", "inputs": {"x": (1, 0)}}})
    (found,) = locate(read(source)[1], source)
    assert (found.code, found.span.line, found.excerpt[found.span.column - 1]) == ("GX211", 3, "1")


def cyclic():
    value = {"3": {"class_type": "K", "inputs": {}}}
    value["3"]["inputs"]["x"] = value
    return value


def deep():
    value = []
    for _ in range(100_000):
        value = [value]
    return {"3": value}


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        ({3: {"class_type": "K"}}, "GX108", "the key 3 is int"),
        ({"3": {"inputs": {None: 1}}}, "GX108", "(at 3/inputs)"),
        ({"3": {"inputs": {"x": {1, 2}}}}, "GX108", "type set"),
        ({"3": {"inputs": {"x": object()}}}, "GX108", "(at 3/inputs/x)"),
        ({"3": {"inputs": {"x": b"y"}}}, "GX108", "type bytes"),
        (cyclic(), "GX104", "levels deep"),
        (deep(), "GX104", "levels deep"),
    ],
)
def test_dicts_that_are_not_json(value, code, words):
    found = refusal(value)
    assert (found.code, found.file) == (code, "<workflow>")
    assert words in found.message


def test_a_dict_that_shares_its_values_beyond_measure(monkeypatch):
    from graphexec.document import plain

    monkeypatch.setattr(plain, "MAX_PLAIN_VALUES", 1000)
    value = [0] * 10
    for _ in range(20):
        value = [value] * 10
    assert refusal({"3": value}).code == "GX111"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(), values, max_size=4))
def test_any_json_dict_gets_a_text_that_says_the_same(value):
    source = load_source(value)
    assert repr(json.loads(source.text)) == repr(value)
    read(source)


def test_half_characters_in_a_python_text(tmp_path):
    from graphexec.document.model import Source

    for format in ("json", "yaml"):
        document, found = read(Source("f", '{"3": "\ud800"}', format))
        assert document is None
        assert codes_of(found) == ["GX101"]
    document, found = read(load_source({"3": {"class_type": "K", "inputs": {"x": "\ud800"}}}))
    assert codes_of(found) == ["GX108"]


def test_reading_api_json_imports_neither_pydantic_nor_yaml(tmp_path):
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(PROMPT))
    program = (
        "import sys; from graphexec.document.load import load_source, read;"
        "from graphexec.document.locate import locate; from graphexec.document.overrides import apply;"
        f"source = load_source({str(path)!r}); document, _ = read(source); found = apply(document, seed=3)[1];"
        "assert found; locate(found, source); print(sorted({'pydantic', 'yaml', 'torch', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_a_named_file_without_mistakes_does_not_import_pydantic(tmp_path):
    path = tmp_path / "flow.yaml"
    path.write_text(FORM)
    program = (
        "import sys; from graphexec.document.load import load_source, read;"
        f"document, found = read(load_source({str(path)!r})); assert document.nodes and not found;"
        "print('pydantic' in sys.modules, 'yaml' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
