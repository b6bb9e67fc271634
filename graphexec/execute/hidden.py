"""Hidden values: what a node may see of the run around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphexec.registry.spec import NodeSpec


class DynamicPrompt:
    """The workflow as it stands, with the nodes that expansions have added (ComfyUI's DYNPROMPT)."""

    def __init__(self, prompt: Callable[[], Mapping[str, Any]], children: Mapping[str, Any]) -> None:
        self._prompt = prompt
        self._children = children

    def get_node(self, node_id: str) -> Any:
        """Return a node in API form. Raises KeyError."""
        return self._children[node_id] if node_id in self._children else self._prompt()[node_id]

    def has_node(self, node_id: str) -> bool:
        """Whether there is such a node."""
        return node_id in self._children or node_id in self._prompt()

    def all_node_ids(self) -> set[str]:
        """Return the ids of all nodes."""
        return {*self._prompt(), *self._children}

    def get_original_prompt(self) -> Mapping[str, Any]:
        """Return the workflow of the file in API form."""
        return self._prompt()


class Hidden(Mapping[str, Any]):
    """Hidden values by marker, made when they are read."""

    def __init__(self, run: HiddenSources, node_id: str) -> None:
        self._run = run
        self._node_id = node_id

    def __getitem__(self, marker: str) -> Any:
        match marker:
            case "PROMPT":
                return self._run.prompt()
            case "EXTRA_PNGINFO":
                workflow = self._run.workflow()
                return None if workflow is None else {"workflow": workflow}
            case "UNIQUE_ID":
                return self._node_id
            case "DYNPROMPT":
                return self._run.dynamic
        raise KeyError(marker)

    def __iter__(self) -> Iterator[str]:
        return iter(("PROMPT", "EXTRA_PNGINFO", "UNIQUE_ID", "DYNPROMPT"))

    def __len__(self) -> int:
        return 4


class HiddenSources:
    """Where the hidden values of a run come from. `children` grows while nodes expand."""

    def __init__(self, prompt: Callable[[], Any], workflow: Callable[[], Any]) -> None:
        self.prompt = prompt
        self.workflow = workflow
        self.children: dict[str, Any] = {}
        self.dynamic = DynamicPrompt(prompt, self.children)

    def arguments(self, spec: NodeSpec, node_id: str) -> dict[str, Any]:
        """Return the hidden arguments of a node of a pack; a marker that is unknown here gives None."""
        if not spec.from_pack or not spec.hidden:
            return {}
        values = Hidden(self, node_id)
        return {name: values.get(marker) for name, marker in spec.hidden}
