"""Workflows of built-in nodes drawn at random: literals in range, links that fit, ids and titles of all kinds."""

from hypothesis import strategies as st

from graphexec.document.model import Document, Link, NodeDecl, Source
from graphexec.graph.sockets import fits
from tests.document.editor.flows import REGISTRY

TYPES = (
    "CheckpointLoaderSimple", "LoraLoader", "CLIPTextEncode", "ConditioningCombine", "EmptyLatentImage", "KSampler",
    "KSamplerAdvanced", "VAEDecode", "VAEDecodeTiled", "SaveImage", "LoadImage", "ImageScaleBy", "SamplerCustom",
    "ConditioningAverage", "LatentComposite", "RandomNoise", "PreviewImage",
)  # fmt: skip

ids = st.integers(1, 99).map(str) | st.sampled_from(["base", "57:41", "a.b", "x y", "007", "-1", "ünï", "1.0"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["{a|b}", "// none", "a /* b */ c", "http://x", "{", "a}", "4.MODEL", "base.0", "null", "1e3", "\u2028", "a\nb"]
)


def literals(declared):
    """Return a strategy for the values of a widget."""
    if declared.folder is not None:
        return st.sampled_from(["a.safetensors", "sub/b.ckpt", "ä b.pt"])
    if declared.choices:
        return st.sampled_from(declared.choices)
    match declared.type:
        case "INT":
            return st.integers(declared.min or 0, min(declared.max or 9, 2**64 - 1))
        case "FLOAT":
            return st.floats(declared.min or 0, declared.max or 1, allow_nan=False)
        case "BOOLEAN":
            return st.booleans()
        case _:
            return texts.filter(sendable) if declared.options.get("dynamicPrompts") else texts


def sendable(text):
    """Whether the editor can send a text: a backslash before a brace or a bar is gone when it does."""
    return not any(f"\\{special}" in text for special in "{}|") and not text.endswith("\\")


@st.composite
def documents(draw, size=8):
    """Draw a Document whose links lead to earlier nodes; optional inputs may be absent, and widgets be linked."""
    nodes = {}
    for id in draw(st.lists(ids, min_size=1, max_size=size, unique=True)):
        spec = REGISTRY.get(draw(st.sampled_from(TYPES)))
        inputs = {}
        for declared in spec.inputs:
            fitting = [
                Link(other, slot)
                for other, decl in nodes.items()
                for slot, output in enumerate(REGISTRY.get(decl.type).outputs)
                if fits(output.type, declared.type)
            ]
            if fitting and (not declared.is_primitive or draw(st.integers(0, 5)) == 0):
                inputs[declared.name] = draw(st.sampled_from(fitting))
            elif declared.is_primitive and (declared.required or draw(st.booleans())):
                inputs[declared.name] = draw(literals(declared))
        title = draw(st.none() | st.sampled_from(["Base", "two\nlines", "%date:yyyy%"]))
        nodes[id] = NodeDecl(id, spec.type, inputs, (id,), title, {} if title is None else {"title": title})
    return Document(Source("drawn", "", "json"), nodes)
