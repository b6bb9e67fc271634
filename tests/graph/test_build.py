"""Documents to graphs: links, inputs, targets, validation; everything that is wrong found at once."""

from dataclasses import replace

import pytest

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Severity
from graphexec.document.model import ParameterRef, Target, Unreadable
from graphexec.errors import NodeError
from graphexec.graph.build import build
from graphexec.graph.model import Edge, GraphTarget
from graphexec.registry.spec import InputSpec
from tests.support.specs import Types, check, codes_of, document, spec

LOAD = spec("Load", outputs=("MODEL", "CLIP"))
MAKE = spec(
    "Make", (InputSpec("seed", "INT", min=0), InputSpec("scale", "FLOAT"), "model:MODEL", "mask:MASK?"), ("IMAGE",)
)
SAVE = spec("Save", ("images:IMAGE", InputSpec("mode", "COMBO", choices=("a", "b"))), output_node=True)
AUDIO = spec("Audio", ("model:MODEL",), ("AUDIO",), function=None)
TYPES = Types(LOAD, MAKE, SAVE, known=(AUDIO,))

GOOD = {
    "load": ("Load",),
    "make": ("Make", {"seed": 1, "scale": 2, "model": ("load", 0)}),
    "save": ("Save", {"images": ("make", 0), "mode": "a"}),
}


def changed(**nodes):
    return document(**{**GOOD, **nodes})


def make(**inputs):
    values = {"seed": 1, "scale": 1.0, "model": ("load", 0)} | inputs
    return ("Make", {name: value for name, value in values.items() if value is not ...})


def test_a_good_document():
    graph, found = build(document(**GOOD), TYPES)
    assert found == []
    assert list(graph.nodes) == ["load", "make", "save"] == list(graph.order)
    assert graph.targets == (GraphTarget("save"),)
    node = graph.nodes["make"]
    assert node.params == {"seed": 1, "scale": 2.0} and type(node.params["scale"]) is float
    assert node.links == {"model": Edge("load", 0)} and node.spec is MAKE


def test_outputs_by_name():
    graph, _ = build(changed(make=make(model=("load", "MODEL"))), TYPES)
    assert graph.nodes["make"].links["model"] == Edge("load", 0)


def test_everything_wrong_is_found_at_once():
    broken = document(
        load=("Lode",),
        make=("Make", {"seed": -1, "scale": "x", "model": ("lood", 0), "mask": ("save", 0)}),
        save=("Save", {"mode": "c", "extra": 1}),
        audio=("Audio", {"model": ("load", 0)}),
        more=("Audio", {}),
    )
    graph, found = check(broken, TYPES)
    assert graph is None
    assert sorted(found) == [
        "GX201 load", "GX202 audio", "GX202 more", "GX203 make.model", "GX204 make.mask", "GX206 more.model",
        "GX206 save.images", "GX210 save.extra", "GX301 make.scale", "GX302 make.seed", "GX304 save.mode",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("link", "code"),
    [
        (("load", 0), None),
        (("load", 1), "GX205"),
        (("load", 2), "GX204"),
        (("load", -1), "GX204"),
        (("load", "CLIP"), "GX205"),
        (("load", "model"), "GX204"),
        (("nobody", 0), "GX203"),
        (("make", 0), "GX205"),
    ],
)
def test_links(link, code):
    graph, found = check(changed(make=make(model=link)), TYPES)
    assert found == ([f"{code} make.model"] if code else [])
    assert (graph is None) == bool(code)


def test_outputs_of_one_name_need_an_index():
    twins = spec("Twins", outputs=("x:MODEL", "x:CLIP"))
    given = changed(load=("Twins",), make=make(model=("load", "x")))
    found = build(given, Types(twins, MAKE, SAVE))[1]
    assert codes_of(found) == ["GX204 make.model"] and "use the index 0 or 1" in found[0].hint


def test_links_to_nodes_that_could_not_be_read_are_no_second_mistake():
    nodes = {id: node for id, node in GOOD.items() if id != "load"}
    graph, found = check(document(**nodes, broken=["load"]), TYPES)
    assert graph is None and found == []


@pytest.mark.parametrize("value", [Unreadable(), ParameterRef("p")])
def test_values_reported_elsewhere_stop_the_node_in_silence(value):
    earlier = [codes.report(codes.BAD_LINK, "reported by the reader", node="make")]
    graph, found = check(changed(make=make(seed=value)), TYPES, earlier=earlier)
    assert graph is None and found == ["GX211 make"]


def test_undeclared_inputs_are_dropped_with_a_warning():
    graph, found = build(changed(make=make(extra=("load", 1), note="hello")), TYPES)
    assert codes_of(found) == ["GX210 make.extra", "GX210 make.note"]
    assert {finding.severity for finding in found} == {Severity.WARNING}
    assert "extra" not in graph.nodes["make"].links and "note" not in graph.nodes["make"].params


def test_undeclared_links_to_a_packs_node_are_dependencies():
    types = Types(LOAD, replace(MAKE, from_pack=True), SAVE, known=(AUDIO,))
    graph, found = build(changed(make=make(extra=("load", 1))), types)
    assert found == [] and graph.nodes["make"].links["extra"] == Edge("load", 1)


def test_the_editors_own_inputs_are_only_noted():
    found = build(changed(make=make(control_after_generate="fixed")), TYPES)[1]
    assert codes_of(found) == ["GX210 make.control_after_generate"] and found[0].severity is Severity.NOTE


def test_defaults_are_not_filled_in():
    with_default = spec("D", (InputSpec("n", "INT", default=5, has_default=True),), output_node=True)
    graph, findings = build(document(d=("D",)), Types(with_default))
    assert graph is None and codes_of(findings) == ["GX206 d.n"] and "5" in findings[0].hint


def test_a_socket_takes_no_literal_but_the_widget_of_a_pack_does():
    curve = spec("Curve", ("points:CURVE",), output_node=True)
    assert check(document(c=("Curve", {"points": "0,0"})), Types(curve))[1] == []
    maker = spec("Maker", outputs=("CURVE",))
    assert check(document(c=("Curve", {"points": "0,0"})), Types(curve, maker))[1] == ["GX305 c.points"]


def test_anything_takes_any_literal():
    show = spec("Show", ("value:*",), output_node=True)
    for value in (None, 1, "x", {"a": 1}, [1]):
        assert check(document(s=("Show", {"value": value})), Types(show))[1] == []


def test_the_catalogue_is_type_checked_but_its_ranges_are_not():
    assert check(changed(audio=("Audio", {"model": ("load", 1)})), TYPES)[1] == ["GX202 audio", "GX205 audio.model"]
    ranged = spec("Old", (InputSpec("n", "INT", max=5), InputSpec("c", "COMBO", choices=("a",))), function=None)
    given = document(**GOOD, old=("Old", {"n": 7, "c": "z"}))
    assert check(given, Types(LOAD, MAKE, SAVE, known=(ranged,)))[1] == ["GX202 old"]


class TestValidate:
    def types(self, verdict, **fields):
        def validate(literals, received):
            self.seen = (dict(literals), dict(received))
            return verdict() if callable(verdict) else verdict

        return Types(LOAD, MAKE, spec("Judge", ("image:IMAGE", "n:INT"), output_node=True, validate=validate, **fields))

    def check(self, verdict, inputs, **fields):
        nodes = {**GOOD, "save": ("Judge", inputs)}
        return build(document(**nodes), self.types(verdict, **fields))

    def test_true_passes_and_literals_and_types_are_handed_over(self):
        graph, found = self.check(True, {"image": ("make", 0), "n": 3})
        assert graph is not None and found == []
        assert self.seen == ({"n": 3}, {"image": "IMAGE"})

    @pytest.mark.parametrize("verdict", [False, None, 1, "", "no good"])
    def test_anything_else_is_an_error(self, verdict):
        graph, found = self.check(verdict, {"image": ("make", 0), "n": 3})
        assert graph is None and codes_of(found) == ["GX309 save"]
        assert (": no good" in found[0].message) == (verdict == "no good")

    def test_an_exception_is_an_error_of_the_node(self):
        graph, found = self.check(lambda: 1 / 0, {"image": ("make", 0), "n": 3})
        assert graph is None and "ZeroDivisionError" in found[0].message

    def test_it_is_not_asked_about_inputs_that_are_wrong_anyway(self):
        found = self.check("asked", {"image": ("make", 0), "n": "x"})[1]
        assert codes_of(found) == ["GX301 save.n"]

    def test_it_may_judge_the_types_of_links_itself(self):
        assert codes_of(self.check(True, {"image": ("load", 0), "n": 1})[1]) == ["GX205 save.image"]
        found = self.check(True, {"image": ("load", 0), "n": 1}, validates_links=True)[1]
        assert codes_of(found) == ["GX212 make"]
        assert self.seen[1] == {"image": "MODEL"}
        assert codes_of(self.check(True, {"image": ("load", 9), "n": 1}, validates_links=True)[1]) == [
            "GX204 save.image"
        ]


class TestTargets:
    bad = {"worse": ("Make", {"seed": "x"}), "worst": ("Save", {"images": ("worse", 0), "mode": "zz", "odd": 1})}

    def test_without_targets_every_error_counts(self):
        assert build(changed(**self.bad), TYPES)[0] is None
        assert build(document((Target("save"),), **GOOD, **self.bad), TYPES)[0] is None, "the file's own are no excuse"

    def test_asked_targets_excuse_what_they_do_not_need(self):
        graph, found = build(changed(**self.bad), TYPES, targets=[Target("save")])
        assert graph is not None and list(graph.nodes) == ["load", "make", "save"]
        assert {f.severity for f in found} == {Severity.NOTE} and len(found) == 5

    def test_but_not_what_they_need(self):
        graph, found = build(changed(**self.bad), TYPES, targets=[Target("save"), Target("worst")])
        assert graph is None and all(f.severity is not Severity.NOTE for f in found)

    def test_what_is_reached_through_a_faulty_link_is_needed(self):
        given = changed(lost=("Nowhere",), make=make(model=("lost", 5)))
        found = build(given, TYPES, targets=[Target("save")])[1]
        assert {(f.code, f.severity) for f in found} == {("GX201", Severity.ERROR)}

    def test_findings_of_the_reader_are_excused_alike(self):
        earlier = [
            codes.report(codes.BAD_NODE, "unreadable", node="gone"),
            codes.report(codes.BAD_NODE, "", node="make"),
        ]
        assert build(document(**GOOD), TYPES, targets=[Target("save")], earlier=earlier[:1])[0] is not None
        assert build(document(**GOOD), TYPES, targets=[Target("save")], earlier=earlier)[0] is None
        assert build(document(**GOOD), TYPES, earlier=earlier[:1])[0] is None

    def test_slots(self):
        asked = [Target("make", 0), Target("load", "CLIP"), Target("make", 0)]
        graph, _ = build(document(**GOOD), TYPES, targets=asked)
        assert graph.targets == (GraphTarget("make", 0), GraphTarget("load", 1))

    @pytest.mark.parametrize("target", [Target("nobody"), Target("load", 2), Target("load", "VAE"), Target("save", 0)])
    def test_targets_that_do_not_exist(self, target):
        graph, found = check(document(**GOOD), TYPES, targets=[target, Target("save")])
        assert graph is None and found == ["GX209"]

    def test_targets_of_the_file(self):
        graph, found = check(document((Target("make"),), **GOOD), TYPES)
        assert graph.targets == (GraphTarget("make"),) and found == ["GX212 save"]

    def test_nothing_to_do(self):
        graph, found = check(document(load=("Load",)), TYPES)
        assert graph is None and found == ["GX208"]
        assert check(document(), TYPES)[1] == ["GX208"]

    def test_only_the_ends_of_unused_branches_are_noted(self):
        graph, found = check(changed(spare=make(), other=("Load",)), TYPES)
        assert found == ["GX212 spare", "GX212 other"] and "spare" in graph.nodes
        assert check(changed(spare=make()), TYPES, targets=[Target("save")])[1] == []


class NoFiles:
    def model(self, folder, name):
        raise NodeError(f"no {name}")

    def models(self, folder):
        return ()

    def input(self, name):
        raise NodeError(f"no {name}")


def test_missing_files_are_errors_only_where_they_are_required():
    loader = spec("L", (InputSpec("name", "COMBO", folder="vae", choices=("built in",)),), output_node=True)
    image = spec("I", (InputSpec("name", "COMBO", folder="input"),), output_node=True)
    given = document(
        a=("L", {"name": "x"}), b=("I", {"name": "y"}), c=("L", {"name": "built in"}), d=("L", {"name": "../x"})
    )
    for files in (None, NoFiles()):
        for required, severity in ((False, Severity.WARNING), (True, Severity.ERROR)):
            graph, found = build(given, Types(loader, image), files=files, models_required=required)
            assert codes_of(found) == ["GX401 a.name", "GX402 b.name", "GX403 d.name"]
            assert [f.severity for f in found] == [severity, severity, Severity.ERROR]
            assert graph is None


def test_a_file_named_by_many_nodes_is_looked_up_once():
    asked = []

    class Counting(NoFiles):
        def model(self, folder, name):
            asked.append(name)

    loader = spec("L", (InputSpec("name", "COMBO", folder="vae"),), output_node=True)
    build(document(**{f"n{i}": ("L", {"name": "x"}) for i in range(9)}), Types(loader), files=Counting())
    assert asked == ["x"]


def test_prefixes_are_checked_for_built_in_nodes_only():
    save = spec("S", ("filename_prefix:STRING",), output_node=True)
    pack = spec("P", ("filename_prefix:STRING",), output_node=True, from_pack=True)
    given = document(s=("S", {"filename_prefix": "../x"}), p=("P", {"filename_prefix": "../x"}))
    assert check(given, Types(save, pack))[1] == ["GX403 s.filename_prefix"]


def test_an_embedding_is_looked_for_where_prompts_are_read():
    encode = spec("E", ("text:STRING", "clip:CLIP"), output_node=True)
    plain = spec("T", ("text:STRING",), output_node=True)
    text = {"text": "a (embedding:one:1.2), embedding:two"}
    given = document(load=("Load",), e=("E", {**text, "clip": ("load", 1)}), t=("T", text))
    graph, found = check(given, Types(LOAD, encode, plain), files=NoFiles(), models_required=True)
    assert graph is not None, "it is left out of the prompt, so the workflow runs"
    assert found == ["GX404 e.text", "GX404 e.text"]
