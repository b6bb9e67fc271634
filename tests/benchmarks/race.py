"""The referee's side of a race: contestants in processes of their own make laps by turns; their memory is watched."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.options import Options

ROOT = Path(__file__).parents[2]
NUMBERS = itertools.count()
QUIET = {"HAMILTON_TELEMETRY_ENABLED": "false", "HF_HUB_OFFLINE": "1"}
"""Keeps rivals from calling anybody."""
LOOK = 0.02  # seconds between two looks at a process's memory


@dataclass(frozen=True)
class Entry:
    """A contestant: `function` is `module:name`. With `fresh` every lap is made by a new process."""

    name: str
    function: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    fresh: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    """What came of a contestant. Seconds by lap; bytes are the peak of anonymous and of all resident memory."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    output: Path | None = None
    anonymous: int = 0
    resident: int = 0
    failure: str | None = None

    def values(self, name: str) -> list[Any]:
        """What its laps told under a name."""
        return [told[name] for told in self.told if name in told]


class Failed(Exception):
    """A contestant ended or took too long."""


class Runner:
    """A contestant's process."""

    def __init__(self, entry: Entry, outcome: Outcome, options: Options) -> None:
        stem = options.scratch / f"contestant-{next(NUMBERS)}"
        self.outcome, self.limit = outcome, options.limit
        self.output, self.errors = stem.with_suffix(".npy"), stem.with_suffix(".log")
        threads = {} if options.threads is None else {"OMP_NUM_THREADS": str(options.threads)}
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-m", "tests.benchmarks.gate", entry.function, json.dumps(dict(entry.settings))]
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*command, str(self.output)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "PYTHONPATH": paths, **QUIET, **threads, **entry.environment},
            )
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def ready(self) -> None:
        """Wait until the contestant is warm."""
        self.outcome.told.append(self._answer())
        self.outcome.output = self.output if self.output.exists() else None

    def lap(self) -> None:
        """Let it make a lap."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(b"lap\n")
            self.process.stdin.flush()
        told = self._answer()
        self.outcome.seconds.append(told["seconds"])
        self.outcome.cpu.append(told["cpu"])
        self.outcome.told.append(told)

    def end(self) -> None:
        """End the process."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.watcher.join()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], self.limit)[0]:
            raise Failed(f"over {self.limit:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            last = self.errors.read_text(errors="replace").strip().splitlines()[-1:] or ["ended without a word"]
            raise Failed(last[0][:100])
        return dict(json.loads(line))

    def _watch(self) -> None:
        """Keep the peaks of memory; the kernel remembers that of all resident memory, not that of anonymous memory."""
        status = Path(f"/proc/{self.process.pid}/status")
        while self.process.poll() is None:
            with contextlib.suppress(OSError):
                found = dict(re.findall(r"^(RssAnon|VmHWM):\s+(\d+) kB", status.read_text(), re.M))
                outcome = self.outcome
                outcome.anonymous = max(outcome.anonymous, int(found.get("RssAnon", 0)) * 1024)
                outcome.resident = max(outcome.resident, int(found.get("VmHWM", 0)) * 1024)
            time.sleep(LOOK)


def race(entries: Sequence[Entry], options: Options, laps: int | None = None) -> dict[str, Outcome]:
    """Let contestants make `laps` laps each (the options' number unless given) by turns; what came of them, by name.

    Who begins a round changes, so that nobody always follows the same one. One that fails keeps its finished laps.
    """
    outcomes = {entry.name: Outcome() for entry in entries}
    running: dict[str, Runner] = {}
    try:
        for entry in entries:
            if not entry.fresh:
                with _noting(outcomes[entry.name]):
                    running[entry.name] = Runner(entry, outcomes[entry.name], options)
                    running[entry.name].ready()
        for number in range(options.repeat if laps is None else laps):
            for entry in (*entries[number % len(entries) :], *entries[: number % len(entries)]):
                if outcomes[entry.name].failure is None:
                    with _noting(outcomes[entry.name]):
                        running[entry.name].lap() if not entry.fresh else _fresh(entry, outcomes[entry.name], options)
    finally:
        for runner in running.values():
            runner.end()
    return outcomes


def _fresh(entry: Entry, outcome: Outcome, options: Options) -> None:
    runner = Runner(entry, outcome, options)
    try:
        runner.ready()
        runner.lap()
    finally:
        runner.end()


@contextlib.contextmanager
def _noting(outcome: Outcome) -> Iterator[None]:
    try:
        yield
    except Failed as failed:
        outcome.failure = str(failed)
