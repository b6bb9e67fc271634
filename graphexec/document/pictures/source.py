"""A picture as a Source: the prompt that made it, with the editor's workflow beside it; or what else it carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.json_text import parse_json
from graphexec.document.model import Source
from graphexec.document.pictures.a1111 import prompt_of_parameters
from graphexec.document.pictures.containers import BadPicture, picture_texts
from graphexec.errors import InvalidWorkflow


def picture_source(data: bytes, kind: str, name: str, directory: str | None) -> Source:
    """Return the Source of a picture (`kind` from `picture_kind`). Raises InvalidWorkflow when it holds no workflow.

    The text `prompt` is what made the picture, so it counts before `workflow`, which may be another version of it;
    then `workflow` only goes into the metadata of new pictures. Without both, `parameters` (stable-diffusion-webui)
    is turned into a prompt. Positions in findings are those in the text, named `picture.png#prompt`.
    """
    try:
        texts = picture_texts(data, kind)
    except BadPicture as error:
        raise _refused(name, codes.UNREADABLE_FILE, str(error)) from None
    found: list[Diagnostic] = []
    usable = {key: texts[key] for key in ("prompt", "workflow") if _is_usable(texts, key, name, found)}
    if "prompt" in usable:
        text = _with_workflow(usable["prompt"], usable.get("workflow"))
        return Source(f"{name}#prompt", text, "json", directory, tuple(found), partial=True)
    if "workflow" in usable:
        return Source(f"{name}#workflow", usable["workflow"], "json", directory, tuple(found))
    if texts.get("parameters"):
        text, more = prompt_of_parameters(texts["parameters"])
        label = f"{name}#parameters"
        return Source(label, text, "json", directory, (*found, *(replace(f, file=label) for f in more)))
    if found:
        raise InvalidWorkflow(found)
    message = f"the {kind} file carries no workflow: neither prompt, workflow nor parameters"
    raise _refused(
        name, codes.NOT_A_WORKFLOW, message, "editing a picture, or a web site it was on, may have cut it off"
    )


def _is_usable(texts: Mapping[str, str], key: str, name: str, found: list[Diagnostic]) -> bool:
    """Whether a text is a JSON mapping; what is there and is none is reported."""
    text = texts.get(key, "")
    if not text.strip():
        return False
    parsed = parse_json(text)
    if parsed.usable and isinstance(parsed.value, dict):
        return True
    if not parsed.usable or parsed.value is not None:
        message = f'the text "{key}" of the picture is no JSON mapping, so it is left out'
        found.append(replace(codes.report(codes.BAD_METADATA, message), file=name))
    return False


def _with_workflow(prompt: str, workflow: str | None) -> str:
    """Return a prompt, with the workflow around it where the server expects it."""
    if workflow is None:
        return prompt
    return f'{{"prompt":\n{prompt},\n"extra_data": {{"extra_pnginfo": {{"workflow":\n{workflow}}}}}}}\n'


def _refused(name: str, code: str, message: str, hint: str | None = None) -> InvalidWorkflow:
    return InvalidWorkflow([replace(codes.report(code, message, hint=hint), file=name)])
