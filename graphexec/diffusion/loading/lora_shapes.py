"""Whether the pieces of a LoRA layer go together and fit a layer of a model, told by their shapes alone.

Plain arithmetic: running the formulas on tensors without memory would import torch's compiler, which takes seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = Mapping[str, Shape]


def fits(shapes: Shapes, weight: Shape | None, bias: Shape | None) -> bool:
    """Whether pieces of these shapes change a layer whose weight and bias have these; None is one it lacks."""
    if "diff_b" in shapes and (bias is None or math.prod(shapes["diff_b"]) != math.prod(bias)):
        return False
    if set(shapes) == {"diff_b"}:
        return True
    if weight is None or not _scalable(shapes, weight):
        return False
    try:
        return math.prod(delta_shape(shapes)) == math.prod(weight)
    except (ValueError, KeyError):
        return False


def delta_shape(shapes: Shapes) -> Shape:
    """The shape of `lora_deltas.delta`. Raises ValueError or KeyError for pieces that do not go together."""
    if "diff" in shapes:
        return shapes["diff"]
    if "up" in shapes:
        (outer, left), (right, inner) = _matrix(shapes["up"]), _matrix(shapes["down"])
        if "mid" not in shapes:
            return _product((outer, left), (right, inner))
        return _tucker(shapes["mid"], (left, outer), (right, inner))
    if "hada_w1_a" in shapes:
        one, other = (_loha(shapes, n) for n in ("1", "2"))
        if one != other:
            raise ValueError(f"factors of the shapes {one} and {other}")
        return one
    whole = "lokr_w1" in shapes
    first = shapes["lokr_w1"] if whole else _product(shapes["lokr_w1_a"], shapes["lokr_w1_b"])
    second = shapes["lokr_w2"] if "lokr_w2" in shapes else _lokr_second(shapes)
    if len(first) != 2 or len(second) < 2:
        raise ValueError(f"a Kronecker product of the shapes {first} and {second}")
    return (first[0] * second[0], first[1] * second[1], *second[2:])


def _loha(shapes: Shapes, n: str) -> Shape:
    a, b = shapes[f"hada_w{n}_a"], shapes[f"hada_w{n}_b"]
    core = shapes.get(f"hada_t{n}")
    return _product(a, b) if core is None else _tucker(core, a, b)


def _lokr_second(shapes: Shapes) -> Shape:
    a, b = shapes["lokr_w2_a"], shapes["lokr_w2_b"]
    if "lokr_t2" in shapes:
        return _tucker(shapes["lokr_t2"], a, b)
    outer, inner = _product(a, _matrix(b))
    return (outer, *b[1:]) if len(b) > 2 else (outer, inner)


def _matrix(shape: Shape) -> Shape:
    """The shape with all but the first dimension made one."""
    if len(shape) < 2:
        raise ValueError(f"a factor of the shape {shape}")
    return shape[0], math.prod(shape[1:])


def _product(a: Shape, b: Shape) -> Shape:
    """The shape of a matrix product."""
    if len(a) != 2 or len(b) != 2 or a[1] != b[0]:
        raise ValueError(f"a product of the shapes {a} and {b}")
    return a[0], b[1]


def _tucker(core: Shape, left: Shape, right: Shape) -> Shape:
    """The shape of a core `(p, q, k, l)` between factors `(p, o)` and `(q, i)`."""
    if len(core) != 4 or len(left) != 2 or len(right) != 2 or (left[0], right[0]) != core[:2]:
        raise ValueError(f"a core of the shape {core} between {left} and {right}")
    return left[1], right[1], *core[2:]


def _scalable(shapes: Shapes, weight: Shape) -> bool:
    """Whether alpha is one number, every rank at least 1, and DoRA has an entry for every row or column."""
    if math.prod(shapes.get("alpha", ())) != 1 or not all(math.prod(shape) for shape in shapes.values()):
        return False
    if "dora" not in shapes:
        return True
    entries = math.prod(shapes["dora"])
    return len(weight) > 1 and (entries == math.prod(shapes["dora"][:1]) == weight[0] or entries == weight[1])
