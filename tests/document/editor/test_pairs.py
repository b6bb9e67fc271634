"""What the reader makes of real files, against the prompts that the real editor made of the same files.

`pairs/differences.txt` lists every difference with its reason; a difference without a reason fails. The larger set
of pairs lies outside the repository and is skipped where it is absent.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from graphexec.document.editor import read_editor
from graphexec.document.editor.schemas import is_widget
from graphexec.document.model import Link, Source
from tests.document.editor.flows import REGISTRY

OURS = Path(__file__).parent / "pairs"
LARGER = Path(__file__).parents[4] / "shared" / "reference" / "pairs"
GOLDEN = OURS / "differences.txt"
NAMES = sorted(path.name.removesuffix(".ui.json") for path in OURS.glob("*.ui.json"))
ALL_NAMES = sorted(path.name.removesuffix(".ui.json") for path in LARGER.glob("*.ui.json"))

CREATED_IN_SESSION = "comfyanonymous-stable-cascade-stable-cascade-inpaint-controlnet"
"""Saved in the session in which its group node was made, whose inner nodes still had the ids from before."""
OLD_IDS = {"60": "68:5", "61": "68:3", "62": "68:0", "64": "68:2", "66": "68:1"}


def read_pair(folder, name):
    """Return Document, findings and the editor's prompt."""
    ui, api = (json.loads((folder / f"{name}.{kind}.json").read_text(encoding="utf-8")) for kind in ("ui", "api"))
    document, found = read_editor(ui, Source(name, "", "json"), REGISTRY)
    if name == CREATED_IN_SESSION:
        api = {OLD_IDS.get(id, id): entry for id, entry in api.items()}
        for entry in api.values():
            entry["inputs"] = {
                n: [OLD_IDS.get(v[0], v[0]), v[1]] if is_link(v) else v for n, v in entry["inputs"].items()
            }
    return document, found, api


def is_link(value):
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


def differences(document, found, api):
    """Yield (reason, where) for everything that differs; the reason is None where there is no excuse."""
    for id in api.keys() ^ document.nodes.keys():
        yield None, f"{id} is in one of them only"
    unnamed = {f.node for f in found if f.code == "GX121"}
    defaults = {f.node: f.message for f in found if f.code == "GX123"}
    for id, entry in api.items():
        decl = document.nodes.get(id)
        if decl is None:
            continue
        if decl.type != entry["class_type"]:
            yield "renamed type" if decl.type == entry["class_type"].strip() else None, f"{id} {decl.type}"
        spec = REGISTRY.get(decl.type) or REGISTRY.known(decl.type)
        for name in entry["inputs"].keys() | decl.inputs.keys():
            where = f"{id} {decl.type}.{name}"
            theirs, ours = entry["inputs"].get(name), decl.inputs.get(name)
            declared = spec.input(name) if spec else None
            if name not in entry["inputs"]:
                newer = declared is not None and is_widget(declared) and f"{name} = " in defaults.get(id, "")
                yield "newer than the file, default" if newer else None, where
            elif name not in decl.inputs:
                undeclared = spec is not None and declared is None and not is_link(theirs)
                nameless = spec is None and id in unnamed and not is_link(theirs)
                yield "no longer declared" if undeclared else "needs a schema" if nameless else None, where
            elif not same(theirs, ours):
                token = (
                    isinstance(ours, str) and ours.startswith("%") and ours.endswith(".file_path%") and bool(unnamed)
                )
                yield "names a value that needs a schema" if token else None, f"{where}: {theirs!r:.60} {ours!r:.60}"


def same(theirs, ours):
    """Whether values agree: 8 and 8.0 do, for the server rewrites numbers; 1 and true do not."""
    if isinstance(ours, Link):
        return theirs == [ours.node, ours.output]
    return theirs == ours and isinstance(theirs, bool) == isinstance(ours, bool)


def report(folder, name):
    """Return the lines of `differences.txt` for a pair; fails where a difference has no reason."""
    found = list(differences(*read_pair(folder, name)))
    assert [where for reason, where in found if reason is None] == []
    return [
        name,
        *sorted(f"  {reason}: {where.split(':')[0] if 'schema' in reason else where}" for reason, where in found),
    ]


def golden(name):
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    start = lines.index(name)
    end = next((k for k in range(start + 1, len(lines)) if not lines[k].startswith("  ")), len(lines))
    return lines[start:end]


@pytest.mark.parametrize("name", NAMES)
def test_pair(name):
    assert report(OURS, name) == golden(name)


@pytest.mark.skipif(not ALL_NAMES, reason=f"the larger set of pairs is not at {LARGER}")
def test_all_pairs():
    reports = [report(LARGER, name) for name in ALL_NAMES]
    if os.environ.get("UPDATE_GOLDENS"):
        GOLDEN.write_text("".join(f"{line}\n" for lines in reports for line in lines), encoding="utf-8")
    assert reports == [golden(name) for name in ALL_NAMES]
    core = json.loads((LARGER / "index.json").read_text())
    reasons = Counter(
        line.split(":")[0].strip() for lines in reports if core[lines[0]]["core_only"] for line in lines[1:]
    )
    assert set(reasons) == {"newer than the file, default", "no longer declared"}


def test_the_subset_has_what_is_rare():
    kinds = Counter(n["type"] for name in NAMES for n in json.loads((OURS / f"{name}.ui.json").read_text())["nodes"])
    modes = {n.get("mode") for name in NAMES for n in json.loads((OURS / f"{name}.ui.json").read_text())["nodes"]}
    wanted = {"Reroute", "PrimitiveNode", "Note", "MarkdownNote", "workflow/IP2PSampler", "workflow>IP2PSampler",
              "Anything Everywhere", "Anything Everywhere?", "Anything Everywhere3", "Prompts Everywhere",
              "Seed Everywhere", "Fast Muter (rgthree)", "Node Combiner (rgthree)", "Reroute (rgthree)"}  # fmt: skip
    assert wanted <= kinds.keys() and {0, 2, 4} <= modes
