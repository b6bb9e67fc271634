"""Write the committed subset of the reference cases: `python -m tests.reference.make_subset CASES_DIR`.

Thins groups of like cases and leaves out large tensors, so that the whole stays well under 8 MB.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from safetensors.torch import save_file

from tests.reference.harness import Case, load_cases

HERE = Path(__file__).parent / "cases"
KEEP_EVERY = {"samplers": 3, "schedulers": 4, "ksampler_advanced": 2, "sigmas": 5, "text_encode": 5, "image_nodes": 3}
"""Of these groups only every n-th case is kept; all 44 samplers stay."""
LARGEST = 262_144
"""Bytes of expected tensors above which a case stays out."""


def main(source: Path) -> None:
    """Copy the chosen cases and their tensors."""
    HERE.mkdir(exist_ok=True)
    groups: dict[str, list[Case]] = {}
    for case in load_cases(source):
        groups.setdefault(case.group, []).append(case)
    for group, cases in groups.items():
        chosen = {case: case.expected() for case in cases[:: KEEP_EVERY.get(group, 1)]}
        chosen = {c: t for c, t in chosen.items() if sum(x.nbytes for x in t.values()) <= LARGEST}
        items = [{"name": c.name, "workflow": c.workflow, "capture": c.capture} for c in chosen]
        (HERE / f"{group}.json").write_text("[\n" + ",\n".join(json.dumps(i) for i in items) + "\n]\n")
        save_file({k: v for t in chosen.values() for k, v in t.items()}, HERE / f"{group}.safetensors")
        print(f"{group}: {len(chosen)} of {len(cases)} cases")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
