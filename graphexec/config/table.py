"""The table of settings: one row per setting, and the typed record of their values with their origins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from graphexec.config.kinds import CACHE, COUNT, FLAG, PACKS, PATH, PATHS, SECONDS, SIZE, TEXT, Kind, choice

Layer: TypeAlias = Literal["default", "user file", "workflow file", "environment", "command line"]
Trust: TypeAlias = Literal["any", "inside", "user"]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting: its key in TOML, which with `_` for `-` is its field in `Settings`.

    `trust` says what a file beside a workflow may do with it, since such a file may come from a stranger:
    anything, name only directories inside its own (`inside`), or nothing (`user`), because of `risk`.
    """

    key: str
    kind: Kind
    help: str
    trust: Trust = "any"
    risk: str = ""

    @property
    def field(self) -> str:
        """The name of the field in `Settings`."""
        return self.key.replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"GRAPHEXEC_{self.field.upper()}"


TABLE: tuple[Setting, ...] = (
    Setting("models", PATHS, "directories in ComfyUI's models layout, or an extra_model_paths.yaml"),
    Setting("input", PATH, "directory of the pictures and latents that workflows load", trust="inside"),
    Setting("output", PATH, "directory that results are written to", trust="inside"),
    Setting(
        "nodes",
        PACKS,
        "node packs to load: files, directories or entry points, whose Python code runs",
        trust="user",
        risk="node packs are code that runs",
    ),
    Setting("object-info", PATHS, "files with the JSON of ComfyUI's /object_info: schemas of nodes not installed here"),
    Setting(
        "follow-links",
        FLAG,
        "let names of models and inputs follow links that lead out of their directories",
        trust="user",
        risk="links may lead anywhere",
    ),
    Setting("name", TEXT, "template of file names, in place of the workflow's filename_prefix"),
    Setting("device", choice("auto", "cpu", "cuda", "mps", pattern=r"cuda:\d{1,3}"), "where to compute"),
    Setting("dtype", choice("auto", "fp32", "bf16", "fp16"), "number format of the models' weights"),
    Setting("noise", choice("comfyui", "comfyui-0.5"), "whose step noise to draw: ComfyUI's, or that from before 0.6"),
    Setting("threads", COUNT, "threads that compute on the processor, in place of one a core"),
    Setting("deadline", SECONDS, "seconds after which a run stops"),
    Setting(
        "memory",
        SIZE,
        "bytes for models and what they compute; larger images are coded in tiles, larger batches sampled in slices",
    ),
    Setting("memory-budget", SIZE, "bytes of results kept in memory between runs"),
    Setting("cache", CACHE, "where results are kept between runs", trust="user", risk="results are taken from it"),
    Setting("cache-size", SIZE, "bytes kept there", trust="user", risk="what is over it is deleted"),
    Setting(
        "cache-remote",
        TEXT,
        "URL of a cache that machines share, such as s3://bucket/folder",
        trust="user",
        risk="results are taken from it",
    ),
    Setting(
        "cache-remote-access",
        choice("read-only", "read-write"),
        "whether results are written there, too",
        trust="user",
        risk="results would be sent there",
    ),
    Setting("previews", FLAG, "write what preview nodes show, too"),
    Setting("format", choice("text", "json", "sarif", "github"), "how findings are printed"),
    Setting("strict", FLAG, "treat warnings as errors"),
)
BY_KEY = MappingProxyType({row.key: row for row in TABLE})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: its layer, and the file with line, the variable or the option."""

    layer: Layer
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.layer} ({self.detail})" if self.detail else self.layer


DEFAULT = Origin("default")


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force. `origins` is keyed by field; a field that nobody set comes from its default."""

    models: tuple[str, ...] = ("models",)
    input: str = "input"
    output: str = "output"
    nodes: tuple[str, ...] = ()
    object_info: tuple[str, ...] = ()
    follow_links: bool = False
    name: str | None = None
    device: str = "auto"
    dtype: str = "auto"
    noise: str = "comfyui"
    threads: int | None = None
    deadline: float | None = None
    memory: int | None = None
    memory_budget: int = 2**30
    cache: str = "auto"
    cache_size: int = 10 * 2**30
    cache_remote: str | None = None
    cache_remote_access: str = "read-only"
    previews: bool = False
    format: str = "text"
    strict: bool = False
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    def origin(self, setting: str) -> Origin:
        """Return where the value of a field came from."""
        return self.origins.get(setting, DEFAULT)
