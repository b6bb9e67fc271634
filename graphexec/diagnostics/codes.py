"""The table of diagnostic codes: one row per mistake that graphexec can name.

To add a diagnostic: add a row here, call `report(CODE, message, ...)` where the mistake is seen, and add a
broken workflow with its golden text under `tests/golden/`. Codes are never reused or renumbered.

Families: 1xx reading a file, 2xx nodes and links, 3xx literal values, 4xx models and input files,
5xx node packs, 6xx advice on sampler chains, 7xx running, 8xx command line and configuration, 9xx lock files.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphexec.diagnostics.model import Diagnostic, Place, Related, Severity


@dataclass(frozen=True, slots=True)
class Code:
    """A row of the table. `summary` names the mistake; `explanation` says why it matters and what to do."""

    id: str
    severity: Severity
    summary: str
    explanation: str


CODES: dict[str, Code] = {}


def _row(id: str, severity: Severity, summary: str, explanation: str) -> str:
    if id in CODES:
        raise ValueError(f"diagnostic code {id} is in the table twice")
    CODES[id] = Code(id, severity, summary, explanation)
    return id


def report(
    code: str,
    message: str,
    place: Place | None = None,
    *,
    hint: str | None = None,
    node: str | None = None,
    input: str | None = None,
    severity: Severity | None = None,
    related: tuple[Related, ...] = (),
) -> Diagnostic:
    """Make the diagnostic for `code` (a constant of this module) with the table's severity unless given."""
    row = CODES[code]
    return Diagnostic(
        code=row.id,
        severity=severity or row.severity,
        message=message,
        place=place or Place(),
        hint=hint,
        node=node,
        input=input,
        related=related,
    )


E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE

# fmt: off
# 1xx: reading a file
UNREADABLE_FILE = _row("GX101", E, "file cannot be read", "The file does not exist, is a directory, may not be read, or is not UTF-8 text.")
SYNTAX_ERROR = _row("GX102", E, "syntax error", "The text is not valid JSON or YAML; the position is where the parser gave up.")
DUPLICATE_KEY = _row("GX103", E, "duplicate key", "The same key stands twice in one mapping. Parsers silently keep the last one; graphexec asks which one you mean.")
TOO_DEEP = _row("GX104", E, "nesting too deep", "The file nests deeper than any workflow does. It is refused before a parser sees it.")
ALIAS_BOMB = _row("GX105", E, "too many aliases", "YAML aliases expand to more values than a workflow can need.")
NOT_A_WORKFLOW = _row("GX106", E, "not a workflow", "The file parses, but its shape is none of the workflow forms graphexec knows.")
BAD_NODE = _row("GX107", E, "malformed node", "A node must be a mapping with the name of its type and a mapping of inputs.")
BAD_FIELD = _row("GX108", E, "malformed field", "A field of the file has the wrong shape or an unknown name.")
BAD_NUMBER = _row("GX109", E, "number out of range", "A number cannot be represented exactly (integers reach from -2^63 to 2^64-1), or is infinite or not a number.")
EDITOR_FORMAT = _row("GX110", E, "editor file without nodes", "The file looks like what the editor saves, but it has no list of nodes.")
TOO_LARGE = _row("GX111", E, "file too large", "The file is larger than any workflow needs to be.")
STALE_LINK = _row("GX120", W, "stale link", "The editor's file refers to a link or a node that it does not contain. The input counts as not connected, as in the editor.")
UNNAMED_VALUES = _row("GX121", W, "widget values without names", "The editor saves widget values by position; only the schema of the node type says which input each belongs to. Without it they are left out.")
SURPLUS_VALUES = _row("GX122", W, "more widget values than widgets", "The file was saved with another version of the node type, which had more widgets. Values beyond the last widget are left out.")
DEFAULT_FILLED = _row("GX123", N, "default of a newer widget", "The node type has a widget that the file holds no value for. The editor shows its default then, so the default is used.")
RANDOM_TEXT = _row("GX124", W, "alternatives in a prompt", "The editor draws one of {a|b} at random each time it queues a prompt. Here the first is taken, so that runs repeat.")
SWITCH_IGNORED = _row("GX125", W, "mode switch without effect", "Muters and bypassers act in the editor: the file holds the modes that they left on other nodes, and those count.")
BAD_METADATA = _row("GX126", W, "unusable metadata", "A picture carries a text that should hold its prompt or workflow, but that is not JSON. What else the picture carries is used.")
FOREIGN_SETTINGS = _row("GX127", W, "settings without a counterpart", "The picture was made by another program. What its settings say was turned into a workflow as far as it goes; the new picture will be like it, not equal to it.")

# 2xx: nodes and links
UNKNOWN_NODE_TYPE = _row("GX201", E, "unknown node type", "No loaded node pack provides this type. Load the pack that does with --nodes PATH.")
UNIMPLEMENTED_NODE = _row("GX202", E, "node not implemented", "A known ComfyUI node that this version of graphexec does not implement.")
DANGLING_LINK = _row("GX203", E, "link to a missing node", "An input is linked to a node that the file does not contain.")
BAD_SLOT = _row("GX204", E, "link to a missing output", "An input is linked to an output that the upstream node does not have.")
TYPE_MISMATCH = _row("GX205", E, "socket types differ", "The output's type does not fit the input it is linked to.")
MISSING_INPUT = _row("GX206", E, "required input missing", "A required input has neither a value nor a link. Defaults are never filled in silently.")
CYCLE = _row("GX207", E, "cycle", "The nodes feed each other in a circle, so none of them can run first.")
NO_OUTPUT = _row("GX208", E, "nothing to do", "The workflow has no output node and no target was asked for, so nothing would run.")
UNKNOWN_TARGET = _row("GX209", E, "unknown target", "A target names a node or an output that the file does not have.")
UNDECLARED_INPUT = _row("GX210", W, "undeclared input", "The node does not declare this input; the value is ignored. Files of other versions have such inputs.")
BAD_LINK = _row("GX211", E, "malformed link", "A link is a list of a node id (text) and an output index: [\"4\", 0].")
UNREACHABLE_NODE = _row("GX212", N, "unused node", "No target depends on this node, so it does not run.")
MISSING_DEFINITION = _row("GX220", E, "group node without a definition", "Group nodes are defined inside the file (extra.groupNodes). Without the definition nobody knows what is in them.")
ENDLESS_GROUP = _row("GX221", E, "endless subgraph", "A subgraph that contains itself has no end; and subgraphs in subgraphs may multiply to more nodes than any workflow needs.")
UNPAIRED_TUNNEL = _row("GX222", E, "Get node without a Set node", "A Get node reads what a Set node of the same name stores; no Set node in its graph, or around it, has the name.")
AMBIGUOUS_BROADCAST = _row("GX223", E, "ambiguous broadcast", "Several Use Everywhere nodes of the same priority offer a value to one input. Which one is meant must be said: by a link, a restriction, or a priority.")
SKIPPED_OUTPUT = _row("GX225", W, "output skipped", "Something behind the output has a required input without a link, often because a node is muted or bypassed. The editor skips such outputs and runs the others; so does graphexec with its files.")
BAD_PATTERN = _row("GX224", E, "unusable pattern", "A regular expression of a Use Everywhere node is malformed, or so intricate that matching it could take for ever.")
BAD_CONTINUATION = _row("GX230", E, "unusable continuation", "`continuation: exact` is a setting of sampler nodes, and exact is its only value. Without it a stage goes on as ComfyUI's do.")

# 3xx: literal values
WRONG_KIND = _row("GX301", E, "wrong kind of value", "The literal is not of the kind the input takes. graphexec never converts silently: \"false\" is not a boolean and 8.9 is not an INT.")
BELOW_MINIMUM = _row("GX302", E, "value below the minimum", "The number is smaller than the input allows.")
ABOVE_MAXIMUM = _row("GX303", E, "value above the maximum", "The number is larger than the input allows.")
NOT_A_CHOICE = _row("GX304", E, "not one of the choices", "The input takes one of a fixed list of values.")
NEEDS_LINK = _row("GX305", E, "input needs a link", "The input takes a value that only another node can make.")
UNKNOWN_PARAMETER = _row("GX306", E, "unknown parameter", "The file refers to a parameter, or the command line sets one, that the file does not declare.")
MISSING_PARAMETER = _row("GX307", E, "parameter has no value", "A parameter has no default and none was given.")
BAD_OVERRIDE = _row("GX308", E, "override names nothing", "--set or --seed names a node or an input that the file does not have.")
REJECTED_BY_NODE = _row("GX309", E, "rejected by the node", "The node's own validation refused its inputs.")

# 4xx: models and input files
MISSING_MODEL = _row("GX401", E, "model file not found", "No model directory holds a file of this name.")
MISSING_INPUT_FILE = _row("GX402", E, "input file not found", "The input directory holds no file of this name.")
UNSAFE_NAME = _row("GX403", E, "name leaves its directory", "Names are relative to their directory and may not lead out of it: no '..', no absolute paths, no device names, no links that point outside.")
MISSING_EMBEDDING = _row("GX404", W, "embedding not found", "The prompt names an embedding that no model directory holds; it is left out of the prompt.")

# 5xx: node packs
PACK_FAILED = _row("GX501", E, "node pack cannot be loaded", "Importing the pack raised an error.")
PACK_NEEDS_COMFYUI = _row("GX502", E, "node pack needs ComfyUI", "The pack imports ComfyUI's own modules, which graphexec does not contain.")
DUPLICATE_NODE_TYPE = _row("GX503", E, "node type provided twice", "Two providers define a node type of the same name.")
BAD_NODE_CLASS = _row("GX504", W, "malformed node class", "A class of the pack lacks what a node class must have. It is left out; the other classes load.")
FOREIGN_NODES = _row("GX505", E, "built-in nodes not found", "graphexec's own nodes are the package `nodes` beside `graphexec`; Python found something else of that name first.")

# 6xx: advice on sampler chains
HANDOVER_PAST_END = _row("GX601", W, "hand-over past the last step", "A stage hands over after more steps than its schedule has, so the next stage has nothing left to do.")
STAGE_GAP = _row("GX602", W, "steps skipped between stages", "The next stage starts later than the previous one ended: the noise of the steps between is never removed.")
STAGE_OVERLAP = _row("GX603", W, "steps repeated between stages", "The next stage starts before the previous one ended: the latent is cleaner than the stage expects.")
LEFTOVER_DECODED = _row("GX604", W, "leftover noise decoded", "A latent with leftover noise is decoded or saved; the picture will be noisy.")
NOISE_ON_NOISE = _row("GX605", W, "noise added twice", "A stage adds noise to a latent that still holds leftover noise.")
STAGES_DIFFER = _row("GX606", W, "stages use different schedules", "Steps or scheduler differ between two stages of one chain, so the step numbers do not mean the same noise level.")
ODD_SIZE = _row("GX607", W, "size not a multiple of 8", "Latents hold one cell per 8 pixels; the size is rounded down.")
NOTHING_SAMPLED = _row("GX608", W, "stage does nothing", "The stage starts at or after its end, so the latent passes through unchanged.")
NO_EXACT_SPLIT = _row("GX610", E, "sampler cannot be split exactly", "The sampler chooses noise levels of its own, so no step of one run is the step of a run over a part of the levels.")
NOTHING_CONTINUED = _row("GX611", W, "nothing continued exactly", "`continuation: exact` needs a stage that leaves its noise in the latent, and behind it one that adds none; both with the setting.")
NO_NOISE = _row("GX609", W, "no noise to remove", "A stage samples an empty latent from the start without adding noise.")

# 8xx: command line and configuration
BAD_CONFIG = _row("GX801", E, "malformed configuration", "A configuration file or a GRAPHEXEC_ variable has an unknown key or a wrong value.")
BAD_AXIS = _row("GX810", E, "malformed axis of a sweep", "An axis is a name and its values: cfg=5,7,9 or seed=1..8. Values are separated by commas; one that holds commas is written in double quotes.")
AXIS_NAMES_NOTHING = _row("GX811", E, "axis names nothing", "An axis names a parameter of the file, `seed` for every seed, or an input of a node as node.input.")
AXES_OVERLAP = _row("GX812", E, "two axes set one input", "Each input is set by one axis at most: with two, one of them would have no effect, or an effect that depends on their order.")
UNEQUAL_ZIP = _row("GX813", E, "zipped axes of different lengths", "The axes of --zip go hand in hand: their first values make one cell, their second values another.")
BAD_TABLE = _row("GX814", E, "malformed table", "A table is a CSV, TSV or JSON Lines file with one row for each cell, and in its first line the name of what each column sets.")
TOO_MANY_CELLS = _row("GX815", E, "too many cells", "The axes make more cells than --max-cells allows.")

# 9xx: lock files
BAD_LOCK = _row("GX901", E, "malformed lock file", "The lock has an unknown field, a wrong value, or two entries for one output. Only the tolerances are meant to be edited.")
NO_LOCK = _row("GX902", E, "no lock file", "Nothing was locked for this workflow, so there is nothing to compare with.")
WORKFLOW_DRIFT = _row("GX911", E, "workflow differs from the lock", "A node, a value or a link is not what it was when the workflow was locked.")
FILE_DRIFT = _row("GX912", E, "file differs from the lock", "A model or input file has other bytes than when the workflow was locked, or the workflow names other files.")
TYPE_DRIFT = _row("GX913", E, "node type differs from the lock", "A node type has another version than when the workflow was locked: it may compute something else.")
POLICY_DRIFT = _row("GX914", E, "numeric policy differs from the lock", "Device, number format or noise are not those that the workflow was locked with.")
VERSION_DRIFT = _row("GX915", E, "version differs from the lock", "A library has another version than when the workflow was locked. Those that compute values are errors, others warnings.")
# fmt: on
