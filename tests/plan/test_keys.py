"""Laws of cache keys: what changes them, what must not, and what makes them late."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.errors import NodeError
from graphexec.graph.model import Edge, GraphNode
from graphexec.plan.fingerprints import Fingerprints
from graphexec.plan.keys import Recipes, World, output_of, value_of
from graphexec.plan.model import Known, Late
from graphexec.ports import Policy
from graphexec.registry.spec import InputSpec, NodeSpec, OutputSpec

PROMPT = {"1": {"class_type": "T", "inputs": {}}}


class Files:
    """Model files whose paths are temporary files."""

    def __init__(self, folder):
        self.folder = folder

    def model(self, folder, name):
        path = self.folder / folder / name
        if not path.exists():
            raise NodeError("missing")
        return path

    def input(self, name):
        return self.model("input", name)


def spec(**fields):
    defaults = {"inputs": (), "outputs": (OutputSpec("INT", "INT"),), "function": print, "provider": "test"}
    return NodeSpec(**{"type": "T", **defaults, **fields})


def node(spec, params=None, links=None, id="1"):
    return GraphNode(id, spec, params or {}, links or {})


def recipes(policy=None, files=None, prompt=PROMPT, workflow=None, formats=lambda folder, path: {}):
    return Recipes(World(policy or Policy(), files, Fingerprints(), lambda: prompt, lambda: workflow, formats))


def key(node, upstream=None, **world):
    found = recipes(**world).early(node, upstream or {})
    assert isinstance(found, Known), found
    return found.digest


def test_node_ids_do_not_matter():
    assert key(node(spec(), {"x": 1}, id="1")) == key(node(spec(), {"x": 1}, id="57:41"))


def test_order_of_inputs_does_not_matter():
    assert key(node(spec(), {"x": 1, "y": 2})) == key(node(spec(), {"y": 2, "x": 1}))


@pytest.mark.parametrize("a", [1, 1.0, True, "1", None, [1], {"a": 1}])
@pytest.mark.parametrize("b", [1, 1.0, True, "1", None, [1], {"a": 1}])
def test_literals_of_different_kinds_differ(a, b):
    same = type(a) is type(b) and a == b
    assert (key(node(spec(), {"x": a})) == key(node(spec(), {"x": b}))) == same


@given(st.dictionaries(st.text(min_size=1), st.integers()), st.dictionaries(st.text(min_size=1), st.integers()))
def test_literals_are_told_apart(a, b):
    assert (key(node(spec(), a)) == key(node(spec(), b))) == (a == b)


UP = {"a": Known("aa" * 32, {}), "b": Known("bb" * 32, {})}
LINKED = node(spec(), {"y": 1}, {"x": Edge("a", 0)})


def test_links_count_by_upstream_key_and_slot():
    base = key(LINKED, UP)
    assert base == key(node(spec(), {"y": 1}, {"x": Edge("c", 0)}), {"c": UP["a"]}), "the id of the upstream node"
    assert base != key(node(spec(), {"y": 1}, {"x": Edge("b", 0)}), UP)
    assert base != key(node(spec(), {"y": 1}, {"x": Edge("a", 1)}), UP)
    assert base != key(node(spec(), {"y": 1}, {"z": Edge("a", 0)}), UP)
    assert base != key(node(spec(), {"y": 1, "x": output_of(UP["a"], 0)}, {}), UP), "a literal is no link"


FILE = spec(inputs=(InputSpec("name", "COMBO", folder="checkpoints", choices=("none",)),))
PROMPT_NODE = spec(inputs=(InputSpec("text", "STRING"), InputSpec("clip", "CLIP")))
PACK = spec(from_pack=True, hidden=(("p", "PROMPT"), ("w", "EXTRA_PNGINFO")))
RAW = spec(inputs=(InputSpec("x", "*", raw_link=True),))


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


class TestEveryFieldOfTheRecipeMatters:
    """If a field were dropped from the recipe, one of these would fail."""

    def test_type(self):
        assert key(node(spec())) != key(node(spec(type="U")))

    def test_version(self):
        assert key(node(spec())) != key(node(spec(version="2")))

    @pytest.mark.parametrize("field", ["device", "hardware", "noise", "torch"])
    def test_numeric_policy(self, field):
        assert key(node(spec())) != key(node(spec()), policy=dataclasses.replace(Policy(), **{field: "other"}))

    def test_literals(self):
        assert key(node(spec(), {"x": 1})) != key(node(spec(), {"x": 2}))

    def test_continuation(self):
        exact = GraphNode("1", spec(), {}, {}, "exact")
        assert key(node(spec())) != key(exact) == key(GraphNode("2", spec(), {}, {}, "exact"))

    def test_links(self):
        assert key(LINKED, UP) != key(LINKED, {"a": UP["b"]})

    def test_id_where_the_node_sees_it(self):
        sees = spec(id_in_key=True)
        assert key(node(sees, id="1")) != key(node(sees, id="2"))

    def test_raw_links(self):
        assert key(node(RAW, {}, {"x": Edge("a", 0)}), UP) != key(node(RAW, {}, {"x": Edge("c", 0)}), {"c": UP["a"]})

    def test_content_of_files(self, tmp_path):
        loader = node(FILE, {"name": "m"})
        found = []
        for content in ("one", "two", "one"):
            write(tmp_path, "checkpoints/m", content)
            found.append(key(loader, files=Files(tmp_path)))
        assert found[0] == found[2] != found[1]
        (tmp_path / "checkpoints/m").unlink()
        assert key(loader, files=Files(tmp_path)) not in found

    def test_number_formats_of_files(self, tmp_path):
        write(tmp_path, "checkpoints/m", "one")
        loader, made = node(FILE, {"name": "m"}), set()
        for word in ("fp32", "bf16"):
            formats = {("checkpoints", "m"): {"network": word}}
            made.add(key(loader, files=Files(tmp_path), formats=lambda folder, path, f=formats: f[folder, path.name]))
        made.add(key(loader, files=Files(tmp_path)))
        assert len(made) == 3

    def test_the_memory_that_decides_what_is_tiled(self):
        found = {key(node(spec()), policy=Policy(memory=memory)) for memory in (None, 10, 11)}
        assert len(found) == 3

    def test_a_name_that_needs_no_file(self, tmp_path):
        before = key(node(FILE, {"name": "none"}), files=Files(tmp_path))
        write(tmp_path, "checkpoints/none", "is not read")
        assert key(node(FILE, {"name": "none"}), files=Files(tmp_path)) == before

    def test_input_files(self, tmp_path):
        loader = node(spec(inputs=(InputSpec("image", "COMBO", folder="input"),)), {"image": "a.png"})
        write(tmp_path, "input/a.png", "one")
        before = key(loader, files=Files(tmp_path))
        write(tmp_path, "input/a.png", "two")
        assert key(loader, files=Files(tmp_path)) != before

    def test_content_of_embeddings(self, tmp_path):
        prompt = node(PROMPT_NODE, {"text": "a (embedding:style:1.2) cat"})
        found = {key(prompt, files=Files(tmp_path))}
        for content in ("one", "two"):
            write(tmp_path, "embeddings/style", content)
            found.add(key(prompt, files=Files(tmp_path)))
        assert len(found) == 3

    def test_hidden_values_of_packs(self):
        found = {key(node(PACK)), key(node(PACK), prompt={"2": {}}), key(node(PACK), workflow={"nodes": []})}
        assert len(found) == 3

    def test_result_of_is_changed(self):
        changing, made = node(spec(fingerprint=print)), recipes()
        found = {made.late(changing, {}, {}, changed).digest for changed in (None, 1, "1", [1])}
        assert len(found) == 4

    def test_values_of_links(self):
        made = recipes()
        found = {made.late(LINKED, {"x": value_of(digest)}, {}).digest for digest in ("aa", "bb")}
        assert len(found) == 2


@pytest.mark.parametrize(
    "field", ["dtype", "large_dtype", "autoencoder_dtype", "large_autoencoder_dtype", "text_dtype"]
)
def test_number_formats_count_only_where_files_are_opened(field):
    """So that another --dtype re-runs nothing that does not compute in it."""
    assert key(node(spec())) == key(node(spec()), policy=dataclasses.replace(Policy(), **{field: "bf16"}))


def test_threads_count_on_the_processor_only():
    for device, differ in (("cpu", True), ("cuda", False)):
        one, two = (Policy(device=device, threads=count) for count in (1, 2))
        assert (key(node(spec()), policy=one) != key(node(spec()), policy=two)) == differ


def test_numbers_of_devices_do_not_count():
    first, second = (Policy(device=device, hardware="H100") for device in ("cuda", "cuda:1"))
    assert key(node(spec()), policy=first) == key(node(spec()), policy=second)


def test_hidden_values_of_builtin_nodes_do_not_count():
    builtin = dataclasses.replace(PACK, from_pack=False)
    assert key(node(builtin)) == key(node(builtin), prompt={"2": {}}, workflow={"nodes": []})


def test_late_and_early_keys_of_the_same_step_agree():
    made = recipes()
    assert made.early(LINKED, UP) == made.late(LINKED, {"x": output_of(UP["a"], 0)}, {"x": [1]})


def test_late_file_names_and_prompts_are_read_from_values(tmp_path):
    write(tmp_path, "checkpoints/m", "one")
    write(tmp_path, "embeddings/style", "one")
    loader, prompt = node(FILE, {}, {"name": Edge("a", 0)}), node(PROMPT_NODE, {}, {"text": Edge("a", 0)})
    for late, items, file in ((loader, ["m"], "checkpoints/m"), (prompt, ["x", "embedding:style"], "embeddings/style")):
        links, values = {next(iter(late.links)): "value 0"}, {next(iter(late.links)): items}
        first = recipes(files=Files(tmp_path)).late(late, links, values)
        assert list(first.recipe["files"]) == [file]
        write(tmp_path, file, "two")
        assert recipes(files=Files(tmp_path)).late(late, links, values).digest != first.digest


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path):
    loader, made = node(FILE, {"name": "m"}), recipes(files=Files(tmp_path))
    write(tmp_path, "checkpoints/m", "one")
    before = made.early(loader, {})
    assert made.files_unchanged(loader, before, {})
    write(tmp_path, "checkpoints/m", "two")
    assert not made.files_unchanged(loader, before, {})


def test_literals_that_are_no_data_give_no_key():
    assert recipes().late(node(spec(), {"x": object()}), {}, {}) is None


@pytest.mark.parametrize(
    ("late", "word"),
    [
        (node(spec(fingerprint=print)), "IS_CHANGED"),
        (node(spec(always_runs=True)), "every time"),
        (node(FILE, {}, {"name": Edge("a", 0)}), "file name"),
        (node(PROMPT_NODE, {}, {"text": Edge("a", 0)}), "embeddings"),
        (node(spec(inputs=(InputSpec("x", "INT", lazy=True),)), {}, {"x": Edge("a", 0)}), "lazy"),
        (node(spec(), {}, {"x": Edge("late", 0)}), "node late"),
    ],
)
def test_late_keys_say_why(late, word):
    found = recipes().early(late, UP | {"late": Late("because")})
    assert isinstance(found, Late) and word in found.reason


@pytest.mark.parametrize(
    "early",
    [
        node(FILE, {"name": "none"}),
        node(PROMPT_NODE, {"text": "a"}, {"clip": Edge("a", 0)}),
        node(spec(inputs=(InputSpec("x", "INT", lazy=True),)), {"x": 1}),
        node(spec(inputs=(InputSpec("text", "STRING"),)), {}, {"text": Edge("a", 0)}),
    ],
)
def test_what_could_be_late_but_is_not(early):
    assert isinstance(recipes().early(early, UP), Known)
