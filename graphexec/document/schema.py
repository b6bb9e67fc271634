"""graphexec's own workflow form as pydantic models: what validates a file and what the published JSON Schema says.

Importing this module imports pydantic, a tenth of a second; reading a file without mistakes does not.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from graphexec.document.form_check import NODE_NAME, PARAMETER_NAME

SCHEMA_ID = "urn:graphexec:schema:workflow:1"
_CLOSED: dict[str, Any] = {"additionalProperties": False}
_SCALAR: dict[str, Any] = {"type": ["number", "string", "boolean"]}
_LITERAL: dict[str, Any] = {"type": ["number", "string", "boolean", "null", "array"]}


def _special(key: str, description: str, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": {key: value},
        "required": [key],
        "additionalProperties": False,
    }


_INPUT: dict[str, Any] = {
    "description": "A literal, or a link: a text NODE.OUTPUT whose NODE is a node of this file (by name or index).",
    "anyOf": [
        _LITERAL,
        _special("link", "Always a link.", {"type": "string", "pattern": r"^.+\.[^.]+$"}),
        _special("value", "Always a literal.", {}),
        _special("param", "The value of a parameter.", {"type": "string", "pattern": PARAMETER_NAME}),
        {"type": "object", "propertyNames": {"not": {"enum": ["link", "value", "param", "__value__"]}}},
    ],
}

NodeName = Annotated[str, StringConstraints(pattern=NODE_NAME)]
ParameterName = Annotated[str, StringConstraints(pattern=PARAMETER_NAME)]
InputField = Annotated[Any, WithJsonSchema(_INPUT)]
Scalar = Annotated[Any, WithJsonSchema(_SCALAR)]
Number = Annotated[Any, WithJsonSchema({"type": "number"})]


class Form(BaseModel):
    """Base of the models: unknown fields are errors, and no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ParameterForm(Form):
    """A typed value that the file leaves open; `--param NAME=VALUE` sets it."""

    type: Literal["INT", "FLOAT", "STRING", "BOOLEAN"]
    default: Scalar = Field(None, description="Holds if no value is given. Without it the parameter must be given.")
    min: Number = Field(None, description="Least value of an INT or FLOAT.")
    max: Number = Field(None, description="Greatest value of an INT or FLOAT.")
    choices: list[Scalar] | None = Field(None, min_length=1, description="The only values that are allowed.")
    description: str | None = None


class NodeForm(Form):
    """A node: its type and its inputs by name."""

    type: str = Field(min_length=1, description="The type as API files have it in class_type.")
    title: str | None = None
    inputs: dict[str, InputField] = Field(default_factory=dict)
    continuation: Annotated[Any, WithJsonSchema({"const": "exact"})] = Field(
        None, description="For samplers: hand the state of sampling on with the latent, so that stages equal one run."
    )


class WorkflowForm(Form):
    """A workflow in graphexec's own form, usually written in YAML."""

    graphexec: Literal[1] = Field(description="The version of this form.")
    name: str | None = None
    description: str | None = None
    parameters: dict[ParameterName, ParameterForm] = Field(default_factory=dict, json_schema_extra=_CLOSED)
    nodes: dict[NodeName, NodeForm] = Field(min_length=1, json_schema_extra=_CLOSED)
    targets: list[str] | None = Field(
        None, min_length=1, description="What to compute: NODE or NODE:OUTPUT. Without it, every output node."
    )


class _Plain(GenerateJsonSchema):
    """Leaves out what says nothing: titles made from field names, and defaults of null."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            del made["default"]
        return made


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the form."""
    schema = WorkflowForm.model_json_schema(schema_generator=_Plain)
    return {"$schema": _Plain.schema_dialect, "$id": SCHEMA_ID, **schema}


def json_schema_text() -> str:
    """Return the JSON Schema as the text of the published file, `workflow.schema.json` beside this module."""
    return json.dumps(json_schema(), indent=2) + "\n"
