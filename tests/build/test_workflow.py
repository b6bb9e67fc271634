"""Building: what becomes of calls, where findings point, and that equal programs make equal files."""

import inspect
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from graphexec.api import Session, load
from graphexec.build import Workflow
from graphexec.build import nodes as n
from graphexec.errors import UsageError
from graphexec.graph.identity import graph_digest
from tests.build.flows import circle

HERE = Path(__file__)


def line_of(text):
    """Return the line of this file that holds a text, and nothing else does."""
    lines = [number for number, line in enumerate(HERE.read_text().splitlines(), 1) if text in line]
    assert len(lines) == 2, "once in the program, once in the assertion"
    return lines[0]


def errors(wf, **options):
    return [d for d in wf.check(**options) if d.severity == "error"]


def test_a_sound_program_has_no_errors_and_names_are_types():
    wf = circle()
    assert errors(wf) == []
    assert list(wf.document.nodes) == [
        "CheckpointLoaderSimple", "CLIPTextEncode", "CLIPTextEncode_2", "EmptyLatentImage", "KSampler", "VAEDecode",
        "SaveImage",
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", ["yaml", "yml"])
def test_two_builds_write_the_same_file_and_it_means_the_same(tmp_path, suffix):
    one, two = (circle(name="circle").save(tmp_path / f"{k}.{suffix}") for k in "ab")
    assert one.read_text() == two.read_text()
    assert "clip: CheckpointLoaderSimple.CLIP" in one.read_text()
    session = Session()
    graphs = [session.build(w, files_required=False)[0] for w in (load(one), circle().document)]
    assert graph_digest(graphs[0]) == graph_digest(graphs[1])


def test_json_holds_no_parameters(tmp_path):
    with pytest.raises(UsageError, match=r"parameter \"seed\" has no value"):
        circle().save(tmp_path / "a.json")
    wf = circle()
    wf["KSampler"].seed = 3
    wf["KSampler"].steps = 2
    assert load(wf.save(tmp_path / "a.json")).nodes["KSampler"].inputs["seed"] == 3
    with pytest.raises(UsageError, match="suffix"):
        wf.save(tmp_path / "a.png")


def test_findings_stand_at_the_argument():
    with Workflow() as wf:
        base = n.CheckpointLoaderSimple(ckpt_name="x.safetensors")
        n.PreviewImage(
            images=n.VAEDecode(
                samples=base.MODEL,
                vae=base.CLIP,  # the wrong handle
            ),
        )
    found = errors(wf)
    assert [(d.code, d.input) for d in found] == [("GX205", "samples"), ("GX205", "vae")]
    assert found[1].file.endswith("test_workflow.py")
    assert found[1].span.line == line_of("vae=base.CLIP,  # the wrong handle")
    assert found[1].excerpt[found[1].span.column - 1 : found[1].span.end_column - 1] == "base.CLIP"


def test_findings_of_assignments_stand_there():
    wf = circle()
    wf["KSampler"].sampler_name = "eulr"  # a typo
    (found,) = errors(wf)
    assert (found.code, found.span.line) == ("GX304", line_of('sampler_name = "eulr"  # a typo'))
    wf["KSampler"].sampler_name = "euler"
    assert errors(wf) == []


def test_what_no_workflow_can_hold_is_a_finding_and_not_an_exception():
    other = circle()
    with Workflow() as wf:
        base = n.CheckpointLoaderSimple(ckpt_name="x.safetensors")
        n.CLIPTextEncode(text=object(), clip=base)
        n.CLIPTextEncode(text=other.param("p", "x"), clip=other["CheckpointLoaderSimple"].out("CLIP"))
        n.CLIPTextEncode(text={"a": {1, 2}}, clip=[float("nan")])
    found = errors(wf)
    assert [(d.code, d.input) for d in found] == [
        ("GX301", "text"), ("GX211", "clip"), ("GX306", "text"), ("GX211", "clip"), ("GX301", "text"),
        ("GX109", "clip"),
    ]  # fmt: skip
    assert ".MODEL, .CLIP, .VAE" in found[1].hint
    assert {Path(d.file).name for d in found} == {"test_workflow.py"}


def test_a_finding_about_no_node_stands_where_the_workflow_begins():
    with Workflow() as wf:  # nothing inside
        pass
    (found,) = errors(wf)
    assert (found.code, found.span.line) == ("GX208", line_of("with Workflow() as wf:  # nothing inside"))


def test_parameters():
    wf = Workflow()
    wf.param("steps", 20, min=1)
    assert wf.param("steps", 20, min=1).name == "steps"
    with pytest.raises(UsageError, match="twice"):
        wf.param("steps", 21)
    with pytest.raises(UsageError, match="default or a type"):
        wf.param("x")
    wf.param("prompt", type=str)
    declared = wf.document.parameters
    assert declared["prompt"].required and declared["prompt"].type == "STRING"
    assert wf.param("on", True) and wf.document.parameters["on"].type == "BOOLEAN"


def test_a_parameter_without_a_value_is_found_at_its_declaration():
    with Workflow() as wf:
        text = wf.param("text", type=str)  # left open
        n.PreviewImage(images=n.LoadImage(image=text).IMAGE)
    (found,) = [d for d in wf.check() if d.code == "GX307"]
    assert found.span.line == line_of('wf.param("text", type=str)  # left open')
    assert not [d for d in wf.check(params={"text": "a.png"}) if d.severity == "error"]


def test_functions_need_a_workflow_around_them():
    with pytest.raises(UsageError, match="KSamplerSelect is called outside"):
        n.KSamplerSelect(sampler_name="euler")


def test_names_are_taken_once():
    with Workflow() as wf:
        n.EmptyLatentImage(name="EmptyLatentImage_2", title="mine")
        n.EmptyLatentImage()
        n.EmptyLatentImage()
        with pytest.raises(UsageError, match="two nodes"):
            n.EmptyLatentImage(name="EmptyLatentImage")
    assert list(wf.document.nodes) == ["EmptyLatentImage_2", "EmptyLatentImage", "EmptyLatentImage_3"]
    assert wf["EmptyLatentImage_2"].title == "mine"


def test_threads_build_their_own():
    made = {}

    def build(k):
        made[k] = circle(f"number {k}")

    threads = [threading.Thread(target=build, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {wf["CLIPTextEncode"].text for wf in made.values()} == {f"number {k}" for k in range(8)}
    assert {len(wf) for wf in made.values()} == {7}


def test_workflows_nest():
    with Workflow() as outer:
        n.EmptyLatentImage()
        with Workflow() as inner:
            n.VAEEncode(pixels=n.LoadImage(image="a.png").IMAGE, vae=n.VAELoader(vae_name="v"))
        n.EmptyLatentImage()
    assert (len(outer), len(inner)) == (2, 3)


def test_any_type_can_be_added():
    with Workflow() as wf:
        made = wf.node("NodeOfNobody", {"x": 1, "left out": None}, title="T")
        wf.node("PreviewImage", {"images": made.out("IMAGE")})
    assert [d.code for d in errors(wf)] == ["GX201"]
    assert (made.x, made.title, list(made)) == (1, "T", ["x"])


def test_the_builder_imports_nothing_heavy():
    probe = """
import sys
from graphexec.build import Workflow, nodes as n
with Workflow() as wf:
    n.SaveImage(images=n.LoadImage(image="a.png").IMAGE)
print(sorted({m.partition(".")[0] for m in sys.modules} & {"torch", "numpy", "PIL", "pydantic", "networkx", "yaml"}))
wf.check()
print(sorted({m.partition(".")[0] for m in sys.modules} & {"torch", "numpy", "PIL"}))
"""
    ended = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n[]\n"


def test_a_thousand_nodes_cost_a_fraction_of_parsing_their_source():
    """No clock: the calls that one node costs, counted. Walking frames or copying specs would show here."""
    counts = {"calls": 0}

    def build(size):
        with Workflow() as wf:
            for _ in range(size):
                n.EmptyLatentImage()
        return wf

    def profile(frame, event, arg):
        counts["calls"] += event in ("call", "c_call")

    build(10)
    sys.setprofile(profile)
    try:
        build(1000)
    finally:
        sys.setprofile(None)
    assert counts["calls"] / 1000 < 60
    assert inspect.isfunction(n.EmptyLatentImage)
