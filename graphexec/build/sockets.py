"""The types of inputs and outputs as type checkers see them: a socket type is `Handle` of a Literal of its name."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from graphexec.build.handles import Handle, Param

IntInput: TypeAlias = int | Handle[Literal["INT"]] | Param[Literal["INT"]]
FloatInput: TypeAlias = float | Handle[Literal["FLOAT"]] | Param[Literal["INT", "FLOAT"]]
StringInput: TypeAlias = str | Handle[Literal["STRING"]] | Param[Literal["STRING"]]
BooleanInput: TypeAlias = bool | Handle[Literal["BOOLEAN"]] | Param[Literal["BOOLEAN"]]
ChoiceInput: TypeAlias = Handle[Literal["COMBO"]] | Param[Literal["STRING", "INT", "FLOAT"]]
"""What a choice takes besides one of its values."""
FileInput: TypeAlias = str | ChoiceInput
"""The name of a file in a model folder, or in `input`."""
AnyInput: TypeAlias = str | float | bool | list[Any] | dict[str, Any] | Handle[Any] | Param[Any]
"""What an input of type `*` takes."""
