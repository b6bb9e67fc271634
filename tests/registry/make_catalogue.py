"""Writes graphexec/registry/catalogue.json from the /object_info document of a ComfyUI server.

python tests/registry/make_catalogue.py object_info.json
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).parents[2] / "graphexec" / "registry" / "catalogue.json"


def condense(object_info: Mapping[str, Any]) -> str:
    """Return the catalogue's text, one node a line, for an `/object_info` document. Keeps facts, drops prose."""
    prose = {"tooltip", "placeholder"}
    lines = []
    for type, info in sorted(object_info.items()):
        inputs = {
            group: {name: _without(prose, entry) if group != "hidden" else entry for name, entry in entries.items()}
            for group, entries in info["input"].items()
        }
        fields = {
            "in": inputs,
            "out": info["output"],
            "names": info["output_name"] if info["output_name"] != info["output"] else [],
            "lists": info["output_is_list"] if any(info["output_is_list"]) else [],
            "title": info["display_name"] if info["display_name"] != type else "",
            "menu": info["category"],
            "output": int(info["output_node"]),
        }
        kept = {key: value for key, value in fields.items() if value}
        lines.append(f"{json.dumps(type)}:{json.dumps(kept, separators=(',', ':'), ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _without(prose: set[str], entry: list[Any]) -> list[Any]:
    if len(entry) < 2:
        return entry
    options = {key: value for key, value in entry[1].items() if key not in prose}
    return [entry[0], options] if options else [entry[0]]


if __name__ == "__main__":
    info = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    CATALOGUE.write_text(condense(info), encoding="utf-8")
    print(f"{CATALOGUE}: {len(info)} nodes, {CATALOGUE.stat().st_size} bytes")
