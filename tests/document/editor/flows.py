"""Files of the editor in a few words, and what the reader makes of them."""

import json

from graphexec.document.editor import read_editor
from graphexec.document.locate import locate
from graphexec.document.model import Source
from graphexec.document.writers import api_prompt
from graphexec.registry.loading import load_registry

REGISTRY = load_registry()


def node(id, type, widgets=None, *, links=None, converted=(), mode=0, outputs=None, **fields):
    """Return a node; `links` are its inputs by name: (node, output), (node, output, type), or None for unlinked.

    `converted` names those of the inputs that were made from widgets. Types come from the schema if there is one.
    """
    spec = REGISTRY.get(type) or REGISTRY.known(type)
    inputs = []
    for name, origin in (links or {}).items():
        declared = spec.input(name) if spec else None
        slot = {"name": name, "type": declared.type if declared else "*", "link": origin}
        if name in converted:
            slot["widget"] = {"name": name}
        inputs.append(slot)
    if outputs is None:
        outputs = [o.type for o in spec.outputs] if spec else ["*"]
    made = {"id": id, "type": type, "mode": mode, "inputs": inputs, "properties": fields.pop("properties", {})}
    made["outputs"] = [{"name": kind, "type": kind, "links": None} for kind in outputs]
    if widgets is not None:
        made["widgets_values"] = widgets
    return made | fields


def flow(*nodes, objects=False, definitions=(), **root):
    """Return an editor file of nodes from `node`, with its link table; `objects` writes links as schema 1 does."""
    inner = {"definitions": {"subgraphs": list(definitions)}} if definitions else {}
    return {**graph(*nodes, objects=objects), "version": 0.4, **inner, **root}


def graph(*nodes, objects=True, outputs=()):
    """Return nodes and links of a graph; `outputs` are the origins that feed the outputs of a subgraph."""
    nodes = json.loads(json.dumps(nodes))
    types = {n["id"]: [o["type"] for o in n["outputs"]] for n in nodes}
    table = []
    for made in nodes:
        for k, slot in enumerate(made["inputs"]):
            if isinstance(slot["link"], list):
                slot["link"] = _link(table, types, slot["link"], made["id"], k, slot["type"])
    for k, origin in enumerate(outputs):
        _link(table, types, origin, -20, k, "*")
    if objects:
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
        return {"nodes": nodes, "links": [dict(zip(keys, link)) for link in table]}
    return {"nodes": nodes, "links": table}


def _link(table, types, origin, target, slot, fallback):
    source, output, *kind = origin
    known = types.get(source, [])
    kind = kind[0] if kind else known[output] if output < len(known) else fallback
    table.append([len(table) + 1, source, output, target, slot, kind])
    return len(table)


def subgraph(id, *nodes, inputs=(), outputs=(), **fields):
    """Return a subgraph definition; inner nodes link to its inputs as (-10, k). `outputs` are inner origins."""
    return {
        "id": id,
        "name": fields.pop("name", id),
        "version": 1,
        "inputs": [{"name": name, "type": kind} for name, kind in inputs],
        "outputs": [{"name": f"out{k}", "type": "*"} for k, _ in enumerate(outputs)],
        **graph(*nodes, outputs=outputs),
        **fields,
    }


def document_of(value, registry=REGISTRY):
    """Return Document and located findings of a file."""
    text = json.dumps(value, indent=1)
    source = Source("flow.json", text, "json")
    document, found = read_editor(json.loads(text), source, registry)
    return document, locate(found, source)


def prompt_of(value, *, allowed=("GX123",)):
    """Return `{id: inputs}` of a file, and its types under "types"; findings other than `allowed` are a failure."""
    document, found = document_of(value)
    assert [str(d) for d in found if d.code not in allowed] == []
    return {id: made["inputs"] for id, made in api_prompt(document).items()}


def types_of(value):
    """Return `{id: type}` of a file."""
    return {id: decl.type for id, decl in document_of(value)[0].nodes.items()}


def codes_of(value):
    """Return the codes of the findings, in order."""
    return [d.code for d in document_of(value)[1]]


def finding(value, code):
    """Return the only finding with a code."""
    (found,) = [d for d in document_of(value)[1] if d.code == code]
    return found


CHECKPOINT = node(4, "CheckpointLoaderSimple", ["base.safetensors"])
LATENT = node(5, "EmptyLatentImage", [512, 512, 1])


def text(id, words, clip=(4, 1), **fields):
    """Return a CLIPTextEncode node."""
    return node(id, "CLIPTextEncode", [words], links={"clip": clip}, **fields)


def sampler(id=3, **links):
    """Return a KSampler node, by default linked to nodes 4 to 7."""
    wired = {"model": (4, 0), "positive": (6, 0), "negative": (7, 0), "latent_image": (5, 0), **links}
    return node(id, "KSampler", [1, "randomize", 20, 8, "euler", "normal", 1], links=wired)


def save(id, images, **fields):
    """Return a SaveImage node."""
    return node(id, "SaveImage", ["out"], links={"images": images}, **fields)


def decode(id, samples, vae=(4, 2), **fields):
    """Return a VAEDecode node."""
    return node(id, "VAEDecode", links={"samples": samples, "vae": vae}, **fields)


BASIC = (CHECKPOINT, LATENT, text(6, "a"), text(7, "b"), sampler(), decode(8, (3, 0)), save(9, (8, 0)))
