"""Prompts: which nodes read them, and the embeddings that a prompt names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from graphexec.registry.spec import InputSpec

_EMBEDDING = re.compile(r"embedding:([^\s()]+)")
_WEIGHT = re.compile(r":[\d.]+$")


def reads_prompts(inputs: Iterable[InputSpec]) -> bool:
    """Whether texts given to a node are prompts: it has a text encoder to read them with."""
    return any(declared.type == "CLIP" for declared in inputs)


def embedding_names(text: str) -> list[str]:
    """Return the names that follow `embedding:` in a prompt, each once, without weights and commas."""
    return list(dict.fromkeys(_WEIGHT.sub("", name).strip(",") for name in _EMBEDDING.findall(text)))
