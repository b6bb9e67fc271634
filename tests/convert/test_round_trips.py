"""Round trips: what is written in another format and read again is the same workflow, ids and titles included."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings

from graphexec.convert.formats import FORMATS, convert
from graphexec.convert.verification import verify
from graphexec.document.editor import is_editor
from graphexec.document.load import read
from graphexec.document.model import Source
from graphexec.document.writers import api_prompt
from graphexec.graph.link_notation import numbered
from tests.convert.generated import documents
from tests.document.editor.flows import CHECKPOINT, LATENT, REGISTRY, decode, flow, sampler, save, text
from tests.document.editor.test_fuzz import CORPORA
from tests.document.editor.test_pairs import LARGER, OURS

BY_NAME = {format.name: format for format in FORMATS}
FOLDER = LARGER if LARGER.is_dir() else OURS
PAIRS = sorted(path.name.removesuffix(".api.json") for path in FOLDER.glob("*.api.json"))
RENAMED = {"cubiq-text2img-images-conditioning-average": "its type has the blank at the end that the editor removes"}


def document_of(written):
    document, _ = read(Source("flow", written, "json"), REGISTRY)
    assert document is not None and not document.broken
    return document


def through(document, *names):
    """Write a document in one format after the other, reading it back each time."""
    for name in names:
        format = BY_NAME[name]
        document = format.read(convert(document, format, REGISTRY, {}).text, REGISTRY)
    return document


def prompt(document):
    return api_prompt(numbered(document, REGISTRY))


def without_empty(api):
    """API files may carry metadata that no other format holds; the title is what they all hold."""
    return {
        id: {
            "class_type": entry["class_type"],
            "inputs": entry["inputs"],
            "title": (entry.get("_meta") or {}).get("title"),
        }
        for id, entry in api.items()
    }


@pytest.mark.parametrize("name", PAIRS)
def test_api_to_yaml_and_editor_and_back(name):
    api = document_of((FOLDER / f"{name}.api.json").read_text(encoding="utf-8"))
    assert without_empty(prompt(through(api, "yaml"))) == without_empty(prompt(api))
    if name not in RENAMED:
        back = prompt(through(api, "editor"))
        assert without_empty(back) == without_empty(sent(prompt(api)))
    assert verify(api, through(api, "api", "yaml", "api"), REGISTRY).unchanged


def sent(api):
    """Drop what the editor does not send: values of its own buttons, and of inputs that a node does not declare."""
    for entry in api.values():
        spec = REGISTRY.get(entry["class_type"])
        if spec is not None:
            entry["inputs"] = {n: v for n, v in entry["inputs"].items() if spec.input(n) or is_link(v)}
        entry["inputs"] = {n: v for n, v in entry["inputs"].items() if n not in ("upload", "choose file to upload")}
    return api


def is_link(value):
    return isinstance(value, list) and len(value) == 2


@pytest.mark.parametrize("name", PAIRS)
def test_editor_to_api_to_editor_to_api(name):
    first = document_of((FOLDER / f"{name}.ui.json").read_text(encoding="utf-8"))
    assert without_empty(prompt(through(first, "api", "editor", "api"))) == without_empty(prompt(first))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_generated_workflows(document):
    start = document_of(json.dumps(api_prompt(document)))
    ways = (
        "api",
        "yaml",
        "editor",
        "python",
        "editor yaml editor api",
        "yaml editor yaml",
        "yaml python editor python",
    )
    for names in map(str.split, ways):
        end = through(start, *names)
        assert without_empty(prompt(end)) == without_empty(prompt(start))
        assert verify(start, end, REGISTRY).unchanged


@pytest.mark.slow
@pytest.mark.skipif(not CORPORA, reason="comfyui-workflow-templates-json, comfyui-subgraph-blueprints not installed")
def test_official_templates():
    """Most use node types that graphexec does not know, dynamic inputs and subgraphs in subgraphs."""
    converted = 0
    for path in (path for folder in CORPORA for path in sorted(folder.rglob("*.json"))):
        file = path.read_text(encoding="utf-8")
        if is_editor(json.loads(file)):
            document = document_of(file)
            for format in FORMATS:
                written = format.read(convert(document, format, REGISTRY, {}).text, REGISTRY)
                assert verify(document, written, REGISTRY).unchanged, f"{path.name} as {format.name}"
            converted += 1
    assert converted > 700


def test_500_nodes_take_a_fraction_of_a_second():
    """Measured: 0.08 s of processor time from the editor's file to the API text. The guard is 0.9 s."""
    nodes = [CHECKPOINT, LATENT]
    for k in range(10, 505, 5):
        latent = (k - 3, 0) if k > 10 else (5, 0)
        nodes += [text(k, "a"), text(k + 1, "b"), sampler(k + 2, positive=(k, 0), latent_image=latent)]
        nodes += [decode(k + 3, (k + 2, 0)), save(k + 4, (k + 3, 0))]
    written = json.dumps(flow(*nodes))
    started = time.process_time()
    document = document_of(written)
    assert json.loads(convert(document, BY_NAME["api"], REGISTRY, {}).text).keys() == {str(n["id"]) for n in nodes}
    assert len(nodes) > 490 and time.process_time() - started < 0.9
