"""Outputs that lack a link are skipped in files of the editor, as long as another one is left."""

import json

from graphexec.api import Session
from tests.document.editor.flows import BASIC, CHECKPOINT, LATENT, decode, flow, node, save, text


def checked(value, **changes):
    """Return the graph of a file, and (severity, code, node) of what is found besides missing model files."""
    graph, found = Session(cache=None).build(value, files_required=False, **changes)
    kept = [d for d in found if d.code not in ("GX401", "GX402", "GX123")]
    return graph, [(d.severity.value, d.code, d.node) for d in kept]


def second_branch(**fields):
    return flow(*BASIC, decode(18, (5, 0), **fields), save(19, (18, 0)))


def test_an_output_behind_a_muted_node_is_skipped_with_a_warning():
    graph, found = checked(second_branch(mode=2))
    assert [target.node for target in graph.targets] == ["9"]
    assert ("warning", "GX225", "19") in found
    assert ("note", "GX206", "19") in found
    assert not any(severity == "error" for severity, *_ in found)


def test_without_another_output_it_is_an_error():
    graph, found = checked(flow(CHECKPOINT, LATENT, decode(8, (5, 0), mode=2), save(9, (8, 0))))
    assert graph is None
    assert found == [("error", "GX206", "9")]


def test_what_no_output_needs_is_not_held_against_the_file():
    graph, found = checked(flow(*BASIC, text(30, "loose", None)))
    assert graph is not None
    assert ("note", "GX206", "30") in found


def test_a_node_of_unknown_type_may_be_an_output():
    graph, found = checked(flow(*BASIC, decode(18, None), node(20, "Mystery", links={"x": (18, 0)})))
    assert graph is None
    assert ("error", "GX201", "20") in found and ("error", "GX206", "18") in found


def test_errors_of_nodes_that_were_resolved_away_stay_errors():
    graph, found = checked(flow(*BASIC, node(20, "GetNode", ["x"], outputs=["CLIP"])))
    assert graph is None
    assert found == [("error", "GX222", "20")]


def test_targets_asked_for_are_not_skipped():
    graph, found = checked(second_branch(mode=2), targets=["19"])
    assert graph is None
    assert ("error", "GX206", "19") in found


def test_api_files_stay_strict():
    inputs = {"filename_prefix": "x"}
    graph, found = checked(json.loads(json.dumps({"9": {"class_type": "SaveImage", "inputs": inputs}})))
    assert graph is None
    assert found == [("error", "GX206", "9")]
