"""Values that hold tensors as safetensors files: the tensors as such, everything around them as JSON in the header.

A tensor comes back with its bits, element type, shape and order of dimensions in memory, since convolutions of
channels-last pictures may round otherwise than those of contiguous ones. A tensor on an accelerator goes back there.
Importable without torch: as long as nobody imported it, no value holds a tensor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphexec.diffusion.codecs import is_tensor
from graphexec.encoding import Read, Unstorable, Write, from_json, to_json

if TYPE_CHECKING:
    from torch import Tensor

MEDIA_TYPE = "application/x-safetensors"
STRUCTURE = "value"
"""The key of the header's metadata that has the value, with a number in place of each tensor."""


def has_tensor(value: Any) -> bool:
    """Whether a value is a tensor or holds one in lists, tuples and dictionaries."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if is_tensor(item):
            return True
        if isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, (list, tuple)):
            waiting += item
    return False


def encode(value: Any, write: Write) -> bytes:
    """Return a safetensors file. `write` knows further kinds of values. Raises Unstorable."""
    from safetensors import SafetensorError
    from safetensors.torch import save

    stored: dict[str, Tensor] = {}
    seen: dict[int, tuple[str, Any]] = {}

    def written(item: Any) -> tuple[str, Any] | None:
        if not is_tensor(item):
            return write(item)
        if id(item) not in seen:
            seen[id(item)] = "tensor", _put(item, stored)
        return seen[id(item)]

    structure = to_json(value, written).decode()
    try:
        return save(stored, {STRUCTURE: structure})
    except (SafetensorError, KeyError, ValueError) as error:
        raise Unstorable(f"tensors that safetensors does not take ({error})") from None


def decode(content: bytes, read: Read) -> Any:
    """Return the value of such a file. Raises ValueError for a file that `encode` never writes."""
    import json

    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        length = int.from_bytes(content[:8], "little")
        structure = json.loads(content[8 : 8 + length])["__metadata__"][STRUCTURE]
        tensors = load(content)
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"this is no safetensors file with a value ({error})") from error

    def restored(kind: str, item: Any) -> Any:
        return _get(item, tensors) if kind == "tensor" else read(kind, item)

    return from_json(structure.encode(), restored)


def _put(tensor: Tensor, stored: dict[str, Tensor]) -> dict[str, Any]:
    """Add a tensor to those that are stored, and return what else must be known of it."""
    import torch

    if type(tensor) not in (torch.Tensor, torch.nn.Parameter) or tensor.layout is not torch.strided:
        raise Unstorable(f"a tensor of type {type(tensor).__name__}, {tensor.layout}")
    if tensor.is_quantized or tensor.is_complex():
        raise Unstorable(f"a tensor of {tensor.dtype}")
    dense = tensor.detach()
    repeated = [size if stride == 0 and size > 1 else 0 for size, stride in zip(dense.shape, dense.stride())]
    for axis, count in enumerate(repeated):
        if count:
            dense = dense.narrow(axis, 0, 1)
    strides = dense.stride()
    order = sorted(range(dense.ndim), key=lambda axis: -strides[axis])
    name = str(len(stored))
    stored[name] = dense.permute(order).cpu().contiguous()
    if stored[name].data_ptr() == tensor.data_ptr():
        stored[name] = stored[name].clone()  # safetensors refuses tensors that share memory, as views of one do
    form: dict[str, Any] = {"name": name}
    if order != list(range(dense.ndim)):
        form["order"] = order
    if any(repeated):
        form["repeated"] = repeated
    if tensor.device.type != "cpu":
        form["device"] = str(tensor.device)
    return form


def _get(form: dict[str, Any], tensors: dict[str, Tensor]) -> Tensor:
    import torch

    tensor = tensors[form["name"]]
    if "device" in form:
        try:
            tensor = tensor.to(form["device"])
        except (RuntimeError, AssertionError) as error:
            raise ValueError(f"it lay on {form['device']}, which is not there") from error
    if "order" in form:
        back = torch.argsort(torch.tensor(form["order"])).tolist()
        tensor = tensor.permute(back)
    if "repeated" in form:
        tensor = tensor.expand([count or size for count, size in zip(form["repeated"], tensor.shape)])
    return tensor
