"""What a run of a built workflow gave: values by handle, as tensors, arrays or pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphexec.build.handles import Handle
from graphexec.build.node import Node
from graphexec.errors import UsageError

if TYPE_CHECKING:
    import numpy
    import torch
    from numpy.typing import NDArray
    from PIL.Image import Image

    from graphexec.api import Session
    from graphexec.execute.result import Result

Wanted = Node | Handle[Any] | str


@dataclass(frozen=True, slots=True)
class Rendering:
    """The result of a run, and the Session that keeps its values. In a notebook it shows its first picture.

    Values of targets can be read, so name what you want: `wf.run(targets=[latent])`. Pictures that the run wrote need
    no target. What is returned is a copy: changing it changes no result.
    """

    result: Result
    session: Session

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the files that were written."""
        return self.result.files

    @property
    def report(self) -> Mapping[str, Any]:
        """What run.json holds."""
        return self.result.report

    @property
    def executed(self) -> tuple[str, ...]:
        """The ids of the nodes that ran."""
        return self.result.executed

    @property
    def reused(self) -> tuple[str, ...]:
        """The ids of the nodes whose results were there already."""
        return self.result.reused

    def value(self, output: Wanted) -> Any:
        """Return the value of an output, the first of a node, as the nodes see it: not to be changed.

        Raises KeyError for what did not run and ValueReleased for what was no target.
        """
        if isinstance(output, Handle):
            return self.result.value(output.node.id, output.slot)
        return self.result.value(output.id if isinstance(output, Node) else output)

    def tensor(self, output: Wanted) -> torch.Tensor:
        """Return a copy of an IMAGE `(B, H, W, C)`, a MASK, SIGMAS, or the samples of a LATENT `(B, C, h, w)`."""
        import torch

        value = self.value(output)
        samples = value.get("samples") if isinstance(value, Mapping) else value
        if not isinstance(samples, torch.Tensor):
            raise UsageError(f"{output!r} is {type(value).__name__}, which is no tensor: read it with `value`")
        return samples.detach().clone()

    def numpy(self, output: Wanted) -> NDArray[numpy.floating[Any]]:
        """Return `tensor` as an array."""
        array: NDArray[numpy.floating[Any]] = self.tensor(output).float().cpu().numpy()
        return array

    def images(self, output: Wanted | None = None) -> list[Image]:
        """Return pictures as Pillow has them: of an IMAGE or MASK output, of a node that wrote some, or all written."""
        if isinstance(output, Handle):
            return list(_drawn(self.numpy(output)))
        id = output.id if isinstance(output, Node) else output
        return [
            _opened(artifact.content)
            for node, artifact in self.result.artifacts
            if (id is None or node == id) and isinstance(artifact.content, bytes) and _is_picture(artifact.media_type)
        ]

    def _repr_png_(self) -> bytes | None:
        """Return the first picture for a notebook; None without one."""
        pictures = self.images()
        if not pictures:
            return None
        stream = io.BytesIO()
        pictures[0].save(stream, "PNG")
        return stream.getvalue()


def _is_picture(media_type: str) -> bool:
    return media_type.startswith("image/")


def _opened(content: bytes) -> Image:
    from PIL import Image

    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def _drawn(pixels: NDArray[numpy.floating[Any]]) -> Iterator[Image]:
    """Yield a picture for each item of `(B, H, W, C)` or `(B, H, W)` in 0..1, as SaveImage would write it."""
    from PIL import Image

    from graphexec.imaging.png import quantize

    for item in pixels:
        plain = item[..., 0] if item.ndim == 3 and item.shape[-1] == 1 else item
        yield Image.fromarray(quantize(plain))
