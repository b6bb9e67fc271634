"""What the command line asks of a benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """`scratch` is a directory for files of this run; `pictures` is where plots go, None draws none.

    `repeat` is the number of laps a contestant makes; `tiny` measures nothing of interest and shows that all works.
    `large` adds the graph of a million nodes, `compiled` diffusers under torch.compile. `threads` None leaves their
    number to each contestant. `limit` is the seconds after which one lap is given up.
    """

    scratch: Path
    pictures: Path | None = None
    repeat: int = 5
    tiny: bool = False
    rivals: bool = True
    large: bool = False
    compiled: bool = False
    threads: int | None = None
    limit: float = 300.0
