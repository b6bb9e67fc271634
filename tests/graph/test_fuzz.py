"""Random documents over random node types: the build never raises, and keeps what it promises."""

from hypothesis import given, settings
from hypothesis import strategies as st

from graphexec.diagnostics.model import Severity
from graphexec.diagnostics.render import FORMATS, render
from graphexec.document.locate import locate
from graphexec.document.model import Document, Link, NodeDecl, ParameterRef, Source, Target, Unreadable
from graphexec.graph.build import build
from graphexec.graph.draw import DRAWING_FORMATS, draw
from graphexec.graph.prompt import api_prompt
from graphexec.registry.spec import InputSpec
from tests.support.specs import Types, run, spec

NAMES = st.sampled_from(["model", "steps", "width", "latent_image", "filename_prefix", "text", "x", "\x1b[2J", ""])
KINDS = st.sampled_from(
    ["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "MODEL", "CLIP", "LATENT", "*", "INT,FLOAT", "FLOAT,X"]
)
IDS = st.sampled_from(["1", "2", "3", "4:5", "ä b", "\u202e", ""])
SAMPLERS = ["KSampler", "KSamplerAdvanced", "VAEDecode", "LatentUpscale", "LatentComposite", "EmptyLatentImage"]
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
    st.builds(Link, IDS, st.integers(-1, 2) | st.sampled_from(["MODEL", "", "X"])),
    st.just(Unreadable()), st.builds(ParameterRef, st.just("p")),
    st.sampled_from(["enable", "disable", "../x", "embedding:x", "con"]),
)  # fmt: skip
INPUTS = st.builds(
    InputSpec,
    NAMES,
    KINDS,
    required=st.booleans(),
    min=st.none() | st.integers(0, 3),
    max=st.none() | st.integers(3, 9),
    choices=st.sampled_from([(), ("enable", "disable"), (1, 2.0, True)]),
    folder=st.sampled_from([None, None, "vae", "input"]),
    unchecked=st.booleans(),
)


def verdicts(verdict):
    def validate(literals, received):
        if verdict is ValueError:
            raise ValueError("\x1b")
        return verdict

    return validate


SPECS = st.builds(
    lambda type, inputs, outputs, function, output_node, verdict: spec(
        type,
        {i.name: i for i in inputs}.values(),
        outputs,
        function=function,
        output_node=output_node,
        validate=None if verdict is run else verdicts(verdict),
    ),
    st.sampled_from(["A", "B", *SAMPLERS]),
    st.lists(INPUTS, max_size=4),
    st.lists(KINDS, max_size=3),
    st.sampled_from([run, run, run, None]),
    st.booleans(),
    st.sampled_from([run, run, True, False, "no", ValueError]),
)


@st.composite
def documents(draw):
    nodes = {}
    for id in draw(st.lists(IDS, unique=True, max_size=6)):
        type = draw(st.sampled_from(["A", "B", "C", *SAMPLERS]))
        inputs = draw(st.dictionaries(NAMES, VALUES, max_size=5))
        nodes[id] = NodeDecl(id, type, inputs, (id,), draw(st.none() | st.text(max_size=3)))
    targets = draw(st.lists(st.builds(Target, IDS, st.none() | st.integers(-1, 2) | st.just("MODEL")), max_size=2))
    return Document(Source("f", "{}", "json"), nodes, tuple(targets), broken=frozenset(draw(st.sets(IDS, max_size=1))))


@settings(max_examples=150)
@given(documents(), st.lists(SPECS, max_size=6), st.booleans(), st.booleans())
def test_build_never_raises(document, specs, asks, required):
    types = Types(*(s for s in specs if s.function), known=[s for s in specs if not s.function])
    targets = document.targets if asks else None
    graph, found = build(document, types, targets=targets, models_required=required)
    errors = [f for f in found if f.severity is Severity.ERROR]
    if graph is None:
        silent = document.broken or any(isinstance(v, (Unreadable, ParameterRef)) for n in document.nodes.values()
                                        for v in n.inputs.values())  # fmt: skip
        assert errors or silent, "a graph is withheld only with a reason"
    else:
        assert not errors
        assert set(graph.order) == set(graph.nodes) >= {t.node for t in graph.targets}
        for node in graph.nodes.values():
            assert all(edge.node in graph.nodes for edge in node.links.values())
            assert all(edge.slot < len(graph.nodes[edge.node].spec.outputs) for edge in node.links.values())
            assert all(i.name in node.params or i.name in node.links for i in node.spec.inputs if i.required)
        assert list(api_prompt(graph)) == list(graph.nodes)
    for format in FORMATS:
        shown = render(locate(found, document.source), format)
        assert "\x1b" not in shown and "\u202e" not in shown
    for drawing in DRAWING_FORMATS:
        draw(document, types, drawing)
