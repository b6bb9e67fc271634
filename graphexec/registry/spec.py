"""The description of a node type: inputs, outputs, version and the function that runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

WILDCARD = "*"
PRIMITIVES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input. `type` is a socket type, a comma-separated union, or `*`; `COMBO` takes one of `choices`.

    `folder` names the model folder (`checkpoints`, `loras`, ...) or `input` whose files are the choices; then
    `choices` holds the names that need no file (`pixel_space`), and `sets` those that stand for several files, as
    (folder, name without extension). `raw_link` hands the link itself to the function;
    `unchecked` leaves range and choice to the node's own validation. `options` are the remaining keys of ComfyUI's
    option dictionary, kept for `object-info` and converters.
    """

    name: str
    type: str
    required: bool = True
    default: Any = None
    has_default: bool = False
    min: int | float | None = None
    max: int | float | None = None
    choices: tuple[Any, ...] = ()
    folder: str | None = None
    sets: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=lambda: MappingProxyType({}))
    lazy: bool = False
    raw_link: bool = False
    force_input: bool = False
    unchecked: bool = False
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_primitive(self) -> bool:
        """Whether a literal can stand here (unless `force_input`)."""
        return any(part in PRIMITIVES for part in self.type.split(","))


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output. With `is_list` the node returns a list whose items are handed on one by one."""

    name: str
    type: str
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A node type. The order of inputs is that of the editor's widgets.

    A built-in's `function` is called as `function(context, **inputs)` and returns a tuple in the order of
    `outputs`, or an `Outcome`. ComfyUI-style classes are wrapped to the same form by `registry.adapter`.
    """

    type: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    function: Callable[..., Any] | None
    provider: str
    version: str = "1"
    hidden: tuple[tuple[str, str], ...] = ()
    output_node: bool = False
    input_is_list: bool = False
    handle: bool = False
    """Makes handles only (loaders, patches): cheap, never counted as work, never stored."""
    always_runs: bool = False
    """Has side effects that graphexec cannot see: runs on every run (output nodes of packs)."""
    id_in_key: bool = False
    """Results depend on the node's id (NOT_IDEMPOTENT, UNIQUE_ID)."""
    validate: Callable[..., Any] | None = None
    """VALIDATE_INPUTS, called as `validate(literals, received_types)`; returns True or an error text."""
    validates_links: bool = False
    """`validate` judges the types of links itself, so the built-in check of socket types is off."""
    fingerprint: Callable[..., Any] | None = None
    """IS_CHANGED, called as `fingerprint(inputs)` with literals, hidden values, and None for every link; its
    plain result enters the key, NaN means 'always'."""
    lazy_status: Callable[..., Any] | None = None
    """check_lazy_status, called as `lazy_status(context, **inputs)`; returns the names still needed."""
    continues: Mapping[str, Mapping[str, str]] | None = None
    """A sampler, which may be given `continuation: exact`; by input, the choices that cannot have it, and why.
    An input that is linked has the choice `sampler_name` of the node it comes from."""
    threaded: bool = False
    """May run beside other nodes, in a worker thread: its work releases Python's lock, and it uses neither torch's
    kernels nor anything else that belongs to the process or the main thread."""
    together: Callable[..., Any] | None = None
    """Makes several calls that differ only in their seed as one batch: `together(context, seeds, **inputs)`, the
    inputs without the seed, returns the outputs of each. They are close to those of single calls, not equal."""
    from_pack: bool = False
    """Comes from a node pack: gets copies where it could write, and its hidden inputs as arguments (so their
    values enter the key). A built-in declares hidden inputs for object-info only."""
    display_name: str = ""
    category: str = ""
    description: str = ""
    deprecated: bool = False
    experimental: bool = False
    lazy_inputs: frozenset[str] = field(init=False, default=frozenset())
    """The names of inputs that are evaluated only if the node asks for them."""
    raw_inputs: frozenset[str] = field(init=False, default=frozenset())
    """The names of inputs that get the link itself."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lazy_inputs", frozenset(i.name for i in self.inputs if i.lazy))
        object.__setattr__(self, "raw_inputs", frozenset(i.name for i in self.inputs if i.raw_link))

    def input(self, name: str) -> InputSpec | None:
        """Return the declared input of this name, or None."""
        return next((i for i in self.inputs if i.name == name), None)
