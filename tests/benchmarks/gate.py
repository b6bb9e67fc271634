"""The contestant's side of a race: runs one function in a process of its own, one lap whenever it is told to.

`python -m tests.benchmarks.gate MODULE:FUNCTION SETTINGS FILE`: the function gets a Gate and the settings. Commands
come as lines on standard input, answers go to what was standard output; the function's own prints go to the errors.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn


class Gate:
    """Where a contestant waits. It calls `ready` once, when it is warm, then `lap` after every unit of work."""

    def __init__(self, commands: int, answers: int, output: Path) -> None:
        self._commands = os.fdopen(commands)
        self._answers = os.fdopen(answers, "w")
        self._output = output
        self._began = 0.0, 0.0

    def ready(self, output: Any = None, **told: Any) -> None:
        """Say that the next lap can begin. `output` is an array of numbers for comparison with other contestants."""
        if output is not None:
            import numpy

            numpy.save(self._output, numpy.asarray(output))
        self._answer(told)

    def lap(self, **told: Any) -> None:
        """Say that the unit of work is done, with its time, and wait until the next is wanted."""
        wall, cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]
        self._answer({"seconds": wall, "cpu": cpu, **told})

    def _answer(self, told: dict[str, Any]) -> None:
        self._answers.write(json.dumps(told) + "\n")
        self._answers.flush()
        if self._commands.readline().strip() != "lap":
            self._end()
        self._began = time.perf_counter(), time.process_time()

    def _end(self) -> NoReturn:
        """Leave from the middle of whatever is being measured."""
        sys.stderr.flush()
        os._exit(0)


def main() -> None:
    """Run the function that the arguments name."""
    target, settings, output = sys.argv[1:]
    gate = Gate(os.dup(0), os.dup(1), Path(output))
    os.dup2(2, 1)
    module, _, function = target.partition(":")
    getattr(import_module(module), function)(gate, **json.loads(settings))


if __name__ == "__main__":
    main()
