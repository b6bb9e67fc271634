"""Python names for what workflows call by any text: node types, inputs, outputs."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

_RESERVED_OUTPUTS = frozenset(("count", "index"))
"""Methods of tuples, which a field may not hide."""


def identifier(text: str) -> str:
    """Return a text as an identifier: other characters become underscores, keywords get one at the end."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    if not name or name[0].isdigit():
        name = f"_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def unique(texts: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return an identifier for each text, in order, all different and none of them among `taken`."""
    reserved = frozenset(taken)
    used = set(reserved)
    names: list[str] = []
    for text in texts:
        stem = identifier(text)
        name = f"{stem}_" if stem in reserved else stem
        count = 1
        while name in used:
            count += 1
            name = f"{stem}_{count}"
        used.add(name)
        names.append(name)
    return names


def field_names(outputs: Iterable[str]) -> list[str]:
    """Return names of named tuple fields for outputs: no underscore at the start, no method of tuples."""
    return unique((re.sub(r"^[\W_]+(?=[A-Za-z])", "", text) for text in outputs), _RESERVED_OUTPUTS)


def camel(text: str) -> str:
    """Return a text as the name of a type: `sampler_name` is `SamplerName`."""
    return identifier("".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", text)))
