"""The model and input files that a workflow names, by node: what must be there before it can run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphexec.files.layout import WEIGHTS
from graphexec.graph.outline import Outline
from graphexec.graph.prompts import embedding_names, reads_prompts
from graphexec.ports import Files
from graphexec.registry.named_files import named_files


@dataclass(frozen=True, slots=True)
class Use:
    """An input of a node that names a file."""

    node: str
    input: str


@dataclass(frozen=True, slots=True)
class Need:
    """A file that a workflow names. `folder` is None where nobody knows in which folder the node looks for it."""

    folder: str | None
    name: str
    uses: tuple[Use, ...]


def needs(outlined: Outline, files: Files | None, folders: Mapping[str, str]) -> tuple[Need, ...]:
    """Return the files that literals name, in the order of the nodes. Names that arrive by link show only in a run.

    Nodes that graphexec implements declare which inputs name files. Of others, a text that ends like a file of weights
    is taken for one; `folders` are the folders of such names where the workflow records them.
    """
    found: dict[tuple[str | None, str], list[Use]] = {}
    for id in outlined.nodes:
        for folder, name, input in _named(outlined, id, files, folders):
            found.setdefault((folder, name), []).append(Use(id, input))
    return tuple(Need(folder, name, tuple(uses)) for (folder, name), uses in found.items())


def _named(
    outlined: Outline, id: str, files: Files | None, folders: Mapping[str, str]
) -> Iterator[tuple[str | None, str, str]]:
    content, interface = outlined.nodes[id], outlined.interface(id)
    texts = {name: value for name, value in content.literals.items() if isinstance(value, str)}
    if interface is None or interface.spec.function is None:
        for input, text in texts.items():
            if text.lower().endswith(WEIGHTS) and "\n" not in text:
                yield folders.get(base_name(text)), text, input
        return
    prompts = reads_prompts(interface.spec.inputs)
    for input, text in texts.items():
        for folder, name in named_files(interface.inputs[input], text, files):
            yield folder, name, input
        if prompts:
            yield from (("embeddings", name, input) for name in embedding_names(text))


def base_name(name: str) -> str:
    """Return the last part of a name, whichever separator it has."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]
