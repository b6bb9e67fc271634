"""The source of one function: signature, docstring, and the call that adds the node."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from graphexec.build.stubs.annotations import Annotations, default
from graphexec.build.stubs.literals import source
from graphexec.build.stubs.names import field_names, unique
from graphexec.registry.spec import InputSpec, NodeSpec

WIDTH = 120
OWN = ("name", "title")
"""Arguments of every function: the id of the node, and its title."""


def function(spec: NodeSpec, name: str, notes: Annotations) -> Iterator[str]:
    """Yield the lines of the function `name`, and of the named tuple that it returns, if any."""
    arguments = unique([i.name for i in spec.inputs], OWN)
    fields = field_names(output.name for output in spec.outputs)
    if len(spec.outputs) > 1:
        notes.imports.add(("typing", "NamedTuple"))
        yield f"class {outputs_class(name)}(NamedTuple):"
        yield f'    """The outputs of `{name}`."""'
        yield ""
        yield from (
            f"    {field}: {notes.output(o, short=False)}" for field, o in zip(fields, spec.outputs, strict=True)
        )
        yield ""
        yield ""
    yield f"def {name}("
    yield "    *,"
    for argument, declared in zip(arguments, spec.inputs, strict=True):
        yield f"    {argument}: {_parameter(declared, notes)},"
    yield from (f"    {own}: str | None = None," for own in OWN)
    yield f") -> {_returned(spec, name, notes)}:"
    yield from _docstring(spec, arguments)
    yield from _body(spec, name, arguments, notes)


def outputs_class(name: str) -> str:
    """Return the name of the named tuple that a function returns."""
    return f"{name}Outputs"


def _parameter(declared: InputSpec, notes: Annotations) -> str:
    annotation, value = notes.input(declared), default(declared)
    if not declared.required:
        return f"{annotation} | None = {value or 'None'}"
    return annotation if value is None else f"{annotation} = {value}"


def _returned(spec: NodeSpec, name: str, notes: Annotations) -> str:
    if not spec.outputs:
        notes.imports.add(("graphexec.build.node", "Node"))
        return "Node"
    return notes.output(spec.outputs[0]) if len(spec.outputs) == 1 else outputs_class(name)


def _docstring(spec: NodeSpec, arguments: Sequence[str]) -> Iterator[str]:
    text = " ".join(spec.description.split()) or f"{spec.display_name or spec.type}."
    wrapped = textwrap.wrap(_escaped(text), WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    notes = [(a, _note(i)) for a, i in zip(arguments, spec.inputs, strict=True)]
    told = [f"    {_escaped(f'{argument}: {note}')}" for argument, note in notes if note]
    if len(wrapped) == 1 and not told:
        yield f'    """{wrapped[0]}"""'
        return
    yield f'    """{wrapped[0]}'
    yield from (f"    {line}" for line in wrapped[1:])
    if told:
        yield ""
        yield from told
    yield '    """'


def _note(declared: InputSpec) -> str:
    """Return what an annotation cannot say about an input: its range, its folder."""
    parts = []
    if declared.folder is not None:
        where = "an input file" if declared.folder == "input" else f"a file in {declared.folder}"
        names = [*map(str, declared.choices), *declared.sets]
        parts.append(where + (f", or one of {', '.join(names)}" if names else ""))
    low, high = declared.min, declared.max
    if low is not None and high is not None:
        parts.append(f"{low!r} to {high!r}")
    elif low is not None or high is not None:
        parts.append(f"at least {low!r}" if low is not None else f"at most {high!r}")
    if not declared.required and default(declared) is not None:
        parts.append("None leaves it out")
    return f"{'; '.join(parts)}." if parts else ""


def _body(spec: NodeSpec, name: str, arguments: Sequence[str], notes: Annotations) -> Iterator[str]:
    notes.imports.add(("graphexec.build.current", "make"))
    entries = [f"{source(i.name)}: {a}" for a, i in zip(arguments, spec.inputs, strict=True)]
    start = "    return " if not spec.outputs else "    made = "
    line = f"{start}make({source(spec.type)}, {{{', '.join(entries)}}}, name, title)"
    if len(line) <= WIDTH:
        yield line
    else:
        yield f"{start}make("
        yield f"        {source(spec.type)},"
        yield "        {"
        yield from (f"            {entry}," for entry in entries)
        yield "        },"
        yield "        name,"
        yield "        title,"
        yield "    )"
    if not spec.outputs:
        return
    notes.imports.add(("graphexec.build.handles", "Handle"))
    handles = [f"Handle(made, {slot}, {source(output.type)})" for slot, output in enumerate(spec.outputs)]
    if len(handles) == 1:
        yield f"    return {handles[0]}"
        return
    yield f"    return {outputs_class(name)}("
    yield from (f"        {handle}," for handle in handles)
    yield "    )"


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return text[:-1] + '\\"' if text.endswith('"') else text
