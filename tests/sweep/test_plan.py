"""Plans of sweeps: what cells share is counted once, and everything wrong is said before anything runs."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.api import Session
from graphexec.errors import InvalidWorkflow
from graphexec.sweep.axes import matrix_axes, row_axis
from graphexec.sweep.options import option_axes
from graphexec.sweep.plan import count_work, ordered
from graphexec.sweep.planner import plan_sweep
from tests.project.commands import ROOT
from tests.support import painting

HELLO = str(ROOT / "workflows/hello.yaml")
YAML = """
graphexec: 1
name: painted
parameters:
  red: {type: INT, default: 3, max: 9}
  title: {type: STRING, default: abc}
nodes:
  mix: {type: Mix, inputs: {red: {param: red}, name: {param: title}, seed: 1}}
  tint: {type: Tint, inputs: {colour: mix.COLOUR, blue: 1, ms: 0}}
  paint: {type: Paint, inputs: {colour: tint.COLOUR, copies: 1}}
"""


@pytest.fixture
def session(tmp_path):
    session = Session(output=tmp_path, cache=None)
    session.registry = painting.registry()
    return session


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "painted.yaml"
    path.write_text(YAML)
    return str(path)


def refused(session, workflow, *matrix, **options):
    axes, found = option_axes(matrix, options.pop("zipped", []), options.get("max_cells", 10_000))
    with pytest.raises(InvalidWorkflow) as caught:
        plan_sweep(session, workflow, axes, earlier=found, **options)
    return [(d.code, d.file, d.span and d.span.column, d.excerpt) for d in caught.value.diagnostics]


def test_what_cells_share_is_counted_once(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    for name in ("a.safetensors", "b.safetensors"):
        (tmp_path / "checkpoints" / name).write_bytes(name.encode())
    axes, _ = option_axes(
        ["checkpoint=a.safetensors,b.safetensors", "prompt=x,y,z", "sampler.noise_seed=1..4", "sampler.cfg=5,7"], [], 99
    )
    plan = plan_sweep(Session(models=tmp_path, cache=None), HELLO, axes, {"params": {"steps": 20}})
    counts = count_work(plan)
    assert str(counts) == "48 cells: 2 loads, 8 encodes, 960 steps, 48 decodes, 49 other nodes, 181 shared"
    assert counts.shared == 48 * 7 - (2 + 8 + 48 + 48 + 49)


def test_steps_are_those_of_the_window(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints/tiny.safetensors").write_bytes(b"x")
    axes = matrix_axes({"sampler.end_at_step": [2, 5, 100]})
    plan = plan_sweep(
        Session(models=tmp_path, cache=None), HELLO, axes, {"params": {"steps": 8}, "set": {"sampler.start_at_step": 1}}
    )
    assert count_work(plan).steps == 1 + 4 + 7


@given(
    reds=st.sets(st.integers(0, 9), min_size=1, max_size=3), blues=st.sets(st.integers(0, 9), min_size=1, max_size=4)
)
def test_the_count_is_that_of_a_session_that_runs_all_cells(reds, blues, tmp_path_factory):
    session = Session(output=tmp_path_factory.mktemp("out"), cache=None)
    session.registry = painting.registry()
    axes = matrix_axes({"mix.red": sorted(reds), "tint.blue": sorted(blues)})
    counts = count_work(plan_sweep(session, painting.flow(), axes))
    painting.calls.clear()
    for red, blue in product(reds, blues):
        session.run(painting.flow(), set={"mix.red": red, "tint.blue": blue})
    assert counts.other == len(painting.calls) and counts.shared == 3 * len(reds) * len(blues) - counts.other
    after = count_work(plan_sweep(session, painting.flow(), axes))
    assert (after.other, after.cached) == (0, len(reds) * len(blues))


def test_cells_that_share_work_are_neighbours(session):
    axes = matrix_axes({"tint.blue": [1, 2, 3], "mix.red": [1, 2]})
    plan = plan_sweep(session, painting.flow(), axes)
    order = [(c.cell.values["mix.red"], c.cell.values["tint.blue"]) for c in ordered(plan, plan.cells)]
    assert order == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]


def test_a_name_is_a_parameter_every_seed_or_an_input(session, file):
    axes, _ = option_axes(["red=1,2", "seed=7,8", "tint.blue=3"], [], 99)
    plan = plan_sweep(session, file, axes)
    graphs = [session.build(plan.document, **plan.changes(planned.cell))[0] for planned in plan.cells]
    taken = [
        (g.nodes["mix"].params["red"], g.nodes["mix"].params["seed"], g.nodes["tint"].params["blue"]) for g in graphs
    ]
    assert taken == [(1, 7, 3), (1, 8, 3), (2, 7, 3), (2, 8, 3)]


def test_text_parameters_take_numbers_as_text_and_inputs_do_not(session, file):
    axes, _ = option_axes(["title=30,40"], [], 99)
    assert [c.cell.values["title"] for c in plan_sweep(session, file, axes).cells] == ["30", "40"]
    assert refused(session, painting.flow(), "mix.name=30,x")[0][:3] == ("GX301", "--matrix", 10)


def test_an_empty_field_of_a_table_leaves_the_value_of_the_file(session):
    rows = [{"tint.blue": 9}, {"mix.red": 4, "tint.blue": 8}]
    plan = plan_sweep(session, painting.flow(), [row_axis(rows)])
    assert [c.cell.values for c in plan.cells] == rows


def test_everything_wrong_is_said_at_once_about_the_value_that_is_wrong(session, file):
    found = refused(session, file, "red=1,20,x", "tint.blue=5,300,7", "tint.gren=1", "mxi.red=1", "tilte=1")
    assert sorted((code, column) for code, _, column, _ in found) == [
        ("GX301", 10), ("GX303", 7), ("GX303", 13), ("GX811", 1), ("GX811", 1), ("GX811", 11),
    ]  # fmt: skip
    assert {excerpt for *_, excerpt in found} == {
        "red=1,20,x", "tint.blue=5,300,7", "tint.gren=1", "mxi.red=1", "tilte=1",
    }  # fmt: skip


def test_a_wrong_value_of_a_table_is_found_at_its_line(session, tmp_path):
    from graphexec.sweep.tables import read_table

    (tmp_path / "t.csv").write_text('tint.blue,mix.red\n1,2\n"3",500\n')
    axis, _ = read_table(str(tmp_path / "t.csv"), 99)
    with pytest.raises(InvalidWorkflow) as caught:
        plan_sweep(session, painting.flow(), [axis])
    places = [(d.code, d.file, d.span.line, d.span.column) for d in caught.value.diagnostics]
    assert sorted(places) == [("GX301", axis.origins[0].file, 3, 1), ("GX303", axis.origins[0].file, 3, 5)]


@pytest.mark.parametrize(
    ("matrix", "base"),
    [
        (["tint.blue=1", "tint.blue=2"], {}),
        (["seed=1", "mix.seed=2"], {}),
        (["title=a", "mix.name=b"], {}),
        (["tint.blue=1"], {"set": {"tint.blue": 4}}),
        (["seed=1"], {"seed": 4}),
        (["red=1"], {"params": {"red": 4}}),
    ],
)
def test_an_input_is_set_once(session, file, matrix, base):
    assert refused(session, file, *matrix, base=base)[0][:2] == ("GX812", "--matrix")


def test_too_many_cells_equal_values_and_no_axes(session):
    assert [d[0] for d in refused(session, painting.flow(), "tint.blue=1..9", "mix.red=1..9", max_cells=80)] == [
        "GX815"
    ]
    assert refused(session, painting.flow(), "tint.blue=1,2,1")[0][:3] == ("GX810", "--matrix", 15)
    assert [d[0] for d in refused(session, painting.flow())] == ["GX810"]


def test_an_error_of_the_file_is_told_once_and_a_warning_of_some_cells_names_one(session):
    flow = painting.flow()
    flow["tint"]["inputs"]["ms"] = "slow"
    assert [(d[0], d[2] is None) for d in refused(session, flow, "mix.red=1..5")] == [("GX301", False)]
