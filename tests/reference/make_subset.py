"""Write the committed subset of the reference cases: `python -m tests.reference.make_subset CASES_DIR`.

Keeps every case whose checkpoints can be made from what is committed, thinned where tensors are large, so that the
whole stays under 8 MB.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from safetensors.torch import save_file

from tests.reference.harness import Case, load_cases

HERE = Path(__file__).parent / "cases"
KEEP_EVERY = {"text_encode": 3, "vae": 1, "img2img": 1, "image_nodes": 9}
LARGEST = 262_144
"""Bytes of expected tensors above which a case stays out."""


def main(source: Path, families: set[str]) -> None:
    """Copy the chosen cases and their tensors."""
    HERE.mkdir(exist_ok=True)
    groups: dict[str, list[Case]] = {}
    for case in load_cases(source):
        if case.checkpoints <= families:
            groups.setdefault(case.group, []).append(case)
    for group, cases in groups.items():
        chosen = [c for c in cases[:: KEEP_EVERY.get(group, 1)]]
        tensors = {c.name: c.expected() for c in chosen}
        chosen = [c for c in chosen if sum(t.nbytes for t in tensors[c.name].values()) <= LARGEST]
        items = [{"name": c.name, "workflow": c.workflow, "capture": c.capture} for c in chosen]
        (HERE / f"{group}.json").write_text("[\n" + ",\n".join(json.dumps(i) for i in items) + "\n]\n")
        save_file({k: v for c in chosen for k, v in tensors[c.name].items()}, HERE / f"{group}.safetensors")
        print(f"{group}: {len(chosen)} of {len(cases)} cases")


if __name__ == "__main__":
    main(Path(sys.argv[1]), set(sys.argv[2:]))
