"""Reading back a program that `python_text` wrote, to prove what it builds. Programs of others are not read."""

from __future__ import annotations

from graphexec.document.model import Document


def built_by(text: str) -> Document:
    """Return the Document that a program written here builds, by running it."""
    names: dict[str, object] = {"__name__": "<converted>"}
    exec(compile(text, "<converted>", "exec"), names)
    document: Document = names["wf"].document  # type: ignore[attr-defined]
    return document
