"""`plan`, `graph`, `nodes` and `config`."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from graphexec.api import MEMORY
from graphexec.config import TABLE, Settings
from tests.cli.program import call, workflow


def test_plan_lists_the_steps_with_their_keys(copy: str) -> None:
    ended = call("plan", copy)
    first, second = ended.lines
    assert first.split()[:3] == ["1", "1:", "LoadImage"] and second.split()[:3] == ["2", "2:", "SaveImage"]
    plan = json.loads(call("plan", copy, "--json").out)
    assert [step["key"][:12] for step in plan["steps"]] == [first.split()[-1], second.split()[-1]]
    assert plan["steps"][0] == {"node": "1", "type": "LoadImage", "key": plan["steps"][0]["key"], "late": None,
                                "reused": False, "lazy": False}  # fmt: skip


def test_plan_follows_what_the_command_line_changes(copy: str, home: Path) -> None:
    before, after = (
        [step["key"] for step in json.loads(call("plan", copy, "--json", *more).out)["steps"]]
        for more in ((), ("--set", "2.filename_prefix=other"))
    )
    assert before[0] == after[0] and before[1] != after[1]
    assert len(call("plan", copy, "--target", "1").lines) == 1


def test_plan_says_why_a_key_is_late(home: Path) -> None:
    pack = (
        (home / "pack.py")
        .read_text()
        .replace("class Fail", "    IS_CHANGED = classmethod(lambda c, **k: 1)\nclass Fail")
    )
    (home / "pack.py").write_text(pack)
    file = workflow(
        home / "f.json",
        {"1": ("Step", {"value": 1}), "2": ("Step", {"value": ["1", 0]}), "3": ("Show", {"value": ["2", 0]})},
    )
    ended = call("plan", file, "--nodes", "pack.py")
    assert ended.status == 0 and "known only during the run: " in ended.lines[1]


def test_plan_of_a_workflow_with_errors(home: Path) -> None:
    ended = call("plan", workflow(home / "f.json", {"1": ("Nope", {})}))
    assert (ended.status, ended.out) == (1, "") and "GX201" in ended.err


@pytest.mark.parametrize(
    ("format", "start"), [("mermaid", "flowchart LR\n"), ("dot", "digraph workflow {\n"), ("svg", "<svg")]
)
def test_graph(copy: str, format: str, start: str) -> None:
    ended = call("graph", copy, "--format", format)
    assert (ended.status, ended.err) == (0, "") and ended.out.startswith(start) and "LoadImage" in ended.out
    if format == "svg":
        ElementTree.fromstring(ended.out)


def test_graph_draws_what_has_errors_and_refuses_what_is_none(home: Path) -> None:
    assert call("graph", workflow(home / "f.json", {"1": ("Nope", {})})).status == 0
    (home / "n.json").write_text("[]")
    assert call("graph", "n.json").status == 1
    assert call("graph", "n.json", "--format", "png").status == 2


def test_nodes_list_and_known(home: Path) -> None:
    here = [line.split("\t")[0] for line in call("nodes", "list").lines]
    known = [line.split("\t")[0] for line in call("nodes", "list", "--known").lines]
    assert "KSamplerAdvanced" in here and here == sorted(here) and known and not set(here) & set(known)
    assert "\nStep\t" in call("nodes", "list", "--nodes", "pack.py").out


def test_nodes_show(home: Path) -> None:
    lines = call("nodes", "show", "KSamplerAdvanced").lines
    assert '  add_noise: COMBO, one of "enable", "disable"' in lines
    assert "  steps: INT, 1..10000, default 20" in lines and "  0 LATENT: LATENT" in lines
    ended = call("nodes", "show", "KSamplerAdvancd")
    assert ended.status == 2 and "did you mean 'KSamplerAdvanced'" in ended.err


def test_object_info_lists_the_files_that_exist(home: Path) -> None:
    (home / "models/checkpoints").mkdir(parents=True)
    (home / "models/checkpoints/a.safetensors").touch()
    info = json.loads(call("nodes", "object-info", "CheckpointLoaderSimple").out)
    assert info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0] == [
        "a.safetensors",
        "shapes.safetensors",
    ]
    assert set(json.loads(call("nodes", "object-info").out)) >= {"KSampler", "SaveImage"}


def test_config_shows_what_is_in_force_and_why(home: Path) -> None:
    (home / "config/graphexec").mkdir(parents=True)
    (home / "config/graphexec/graphexec.toml").write_text('device = "cpu"\n')
    (home / "graphexec.toml").write_text('\ndtype = "fp32"\nnodes = "pack.py"\n')
    ended = call("config")
    lines = {line.split()[0]: line for line in ended.lines}
    assert set(lines) >= {row.key for row in TABLE}
    assert lines["device"].endswith(f"user file ({home}/config/graphexec/graphexec.toml:1)")
    assert lines["dtype"].endswith("workflow file (graphexec.toml:2)")
    assert lines["nodes"].endswith("default") and "graphexec.toml:3:1: warning GX801" in ended.err
    values = json.loads(call("config", "--json").out)
    assert values["device"] == {
        "value": "cpu",
        "layer": "user file",
        "source": f"{home}/config/graphexec/graphexec.toml:1",
    }


def test_a_malformed_configuration_stops_every_verb_with_status_2(home: Path, copy: str) -> None:
    (home / "graphexec.toml").write_text('devise = "cpu"\n')
    for verb in (("run", copy), ("check", copy), ("plan", copy), ("graph", copy), ("config", copy), ("nodes", "list")):
        ended = call(*verb)
        assert (ended.status, ended.out) == (2, "") and "1:1: error GX801" in ended.err, verb
        assert "did you mean 'device'?" in ended.err


def test_the_file_beside_the_workflow_counts_and_not_that_of_the_working_directory(home: Path, copy: str) -> None:
    other = home / "other"
    other.mkdir()
    Path(copy).rename(other / "copy.json")
    (home / "graphexec.toml").write_text('output = "wrong"\n')
    (other / "graphexec.toml").write_text('output = "right"\n')
    assert call("run", "other/copy.json").lines == [f"{other}/right/copy_00001_.png"]


def test_the_default_of_the_memory_budget_is_that_of_a_session() -> None:
    assert Settings().memory_budget == MEMORY


@pytest.mark.parametrize("verb", ["run", "check", "plan", "graph"])
def test_the_help_of_a_verb_says_what_a_file_may_be(verb: str) -> None:
    text = " ".join(call(verb, "--help").out.split())
    assert "'-' for standard input, or 'example:NAME'" in text


def test_coverage_sets_the_registry_against_the_catalogue() -> None:
    from graphexec.registry import catalogue

    found = json.loads(call("nodes", "coverage", "--json").out)
    assert sorted(found["implemented"] + found["known"]) == list(catalogue.names())
    assert "KSamplerAdvanced" in found["implemented"] and "StyleModelLoader" in found["known"]
    listed = [line.split("\t")[0] for line in call("nodes", "list").lines]
    assert sorted(found["implemented"] + found["extra"]) == sorted(listed)
    text = call("nodes", "coverage").lines
    assert text[0] == f"{len(found['implemented'])} of {len(catalogue.names())} core nodes are implemented"
    assert any(line.startswith("  only known: ") and "StyleModelLoader" in line for line in text)
