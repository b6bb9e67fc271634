"""Run benchmarks by name: `python -m tests.benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.catalogue import BENCHMARKS, claim, load
from tests.benchmarks.machine import heading
from tests.benchmarks.options import Options
from tests.benchmarks.tables import Part, Table, inserted


def parser() -> argparse.ArgumentParser:
    """The command line."""
    names = "\n".join(f"  {name:10} {claim(name)}" for name in BENCHMARKS)
    made = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure what the documentation claims, beside other programs where they are installed.",
        epilog=f"benchmarks:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("names", nargs="*", metavar="NAME", help="which to run; without any they are listed")
    made.add_argument("--repeat", type=int, default=5, help="laps of each contestant (5)")
    made.add_argument("--threads", type=int, help="OMP_NUM_THREADS of all contestants")
    made.add_argument("--tiny", action="store_true", help="toy sizes: shows that everything works, measures nothing")
    made.add_argument("--no-rivals", action="store_true", help="measure graphexec alone")
    made.add_argument("--large", action="store_true", help="engine: the memory of a graph of 1,000,000 nodes too")
    made.add_argument("--compiled", action="store_true", help="sampler: diffusers under torch.compile too (minutes)")
    made.add_argument("--limit", type=float, default=300.0, help="seconds after which a lap is given up (300)")
    made.add_argument("--scratch", type=Path, help="where to put models and graphs, to be kept for the next time")
    made.add_argument("--write", type=Path, metavar="PAGE", help="put the results between the page's marks")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the tables as JSON")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments name, and return the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    args = parser().parse_args(given)
    if not args.names:
        parser().print_help()
        return 0
    if unknown := sorted(set(args.names) - {*BENCHMARKS, "all"}):
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}, and all", file=sys.stderr)
        return 2
    results: dict[str, Sequence[Part]] = {}
    with ExitStack() as stack:
        scratch = args.scratch or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scratch.mkdir(parents=True, exist_ok=True)
        pictures = args.write.with_suffix("") if args.write else None
        options = Options(
            scratch.resolve(), pictures, args.repeat, args.tiny, not args.no_rivals, args.large, args.compiled,
            args.threads, args.limit,
        )  # fmt: skip
        for name in BENCHMARKS if "all" in args.names else args.names:
            print(f"# {name}: {claim(name)}\n", flush=True)
            results[name] = load(name).measure(options)
            print("\n\n".join(part.text() for part in results[name]) + "\n", flush=True)
            if args.write:
                shown = ["python -m tests.benchmarks", name, *_worth_showing(given, args.names)]
                page = args.write.read_text(encoding="utf-8")
                args.write.write_text(inserted(page, name, heading(" ".join(shown)), results[name]), encoding="utf-8")
    if args.json:
        tables = {name: [asdict(p) for p in parts if isinstance(p, Table)] for name, parts in results.items()}
        args.json.write_text(json.dumps(tables, indent=1, ensure_ascii=False) + "\n")
    return 0


def _worth_showing(given: Sequence[str], names: Sequence[str]) -> list[str]:
    """The arguments that results depend on."""
    shown, rest = [], iter([argument for argument in given if argument not in names])
    for argument in rest:
        if argument in ("--scratch", "--write", "--json"):
            next(rest, None)
        else:
            shown.append(argument)
    return shown


if __name__ == "__main__":
    sys.exit(main())
