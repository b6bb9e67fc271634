"""The official templates against two independent converters: where those two agree, the reader agrees with them.

Needs the packages of `others.txt`, which CI installs beside the environment, and the file of schemas beside the larger
set of pairs; skipped without them.
"""

import contextlib
import copy
import io
import json

import pytest

from graphexec.document.editor import is_editor, read_editor
from graphexec.document.model import Source
from graphexec.document.writers import api_prompt
from tests.document.editor.flows import REGISTRY
from tests.document.editor.test_fuzz import CORPORA
from tests.document.editor.test_pairs import LARGER

SCHEMAS = LARGER.parent / "object_info.json"
REASONS = {
    (
        "api_clarity_ai_crystal_video_upscale.json",
        "3",
        "codec",
    ): "newer than the schemas: values go by the file's names",
}

comfy_cli = pytest.importorskip("comfy_cli.workflow_to_api")
autograph = pytest.importorskip("autograph")
pytestmark = pytest.mark.skipif(not (CORPORA and SCHEMAS.exists()), reason="no templates, or no schemas")


def convert_with_both(value, schemas):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        first = comfy_cli.convert_ui_to_api(copy.deepcopy(value), schemas)
        second = autograph.Flow(copy.deepcopy(value), node_info=copy.deepcopy(schemas)).convert()
        return first, json.loads(second.to_json())


def comparable(value):
    """Values as JSON, numbers as floats: 8 and 8.0 are one value, 1 and true are two."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return json.dumps(value, sort_keys=True)


@pytest.mark.slow
def test_where_the_others_agree():
    schemas = json.loads(SCHEMAS.read_text(encoding="utf-8"))
    agreed, unlike = 0, set()
    for path in (path for folder in CORPORA for path in sorted(folder.rglob("*.json"))):
        value = json.loads(path.read_text(encoding="utf-8"))
        if not is_editor(value):
            continue
        ours = api_prompt(read_editor(value, Source(path.name, "", "json"), REGISTRY)[0])
        first, second = convert_with_both(value, schemas)
        for id in first.keys() & second.keys():
            one, other = first[id]["inputs"], second[id]["inputs"]
            for name in one.keys() & other.keys():
                if comparable(one[name]) == comparable(other[name]):
                    agreed += 1
                    found = ours.get(id, {"inputs": {}})["inputs"]
                    if name not in found or comparable(found[name]) != comparable(one[name]):
                        unlike.add((path.name, id, name))
    assert agreed > 5000
    assert unlike <= REASONS.keys()
