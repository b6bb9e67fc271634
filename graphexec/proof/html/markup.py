"""HTML from texts: everything that comes from a file is escaped here."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable

from graphexec.diagnostics.sanitize import visible


def text(value: object) -> str:
    """Return a value as text that is safe inside of elements and quoted attributes."""
    return html.escape(visible(str(value)), quote=True)


def picture(media_type: str, content: bytes, label: str, size: tuple[int, int], kind: str = "") -> str:
    """Return an image that is held in the page. `size` are the pixels to show it at."""
    width, height = size
    data = base64.b64encode(content).decode("ascii")
    return (
        f'<img class="{text(kind)}" alt="{text(label)}" width="{width}" height="{height}" '
        f'src="data:{text(media_type)};base64,{data}">'
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
    """Return a table; its cells are HTML already."""
    header = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    top = f"<thead><tr>{header}</tr></thead>" if header else ""
    return f'<div class="wide"><table class="{text(kind)}">{top}<tbody>{body}</tbody></table></div>'


def badge(kind: str, label: str) -> str:
    """Return a label whose colour says how good it is; `kind` is a class of the style sheet."""
    return f'<span class="badge {text(kind)}">{text(label)}</span>'
