"""Whether a broadcast reaches an input, and which of several does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from graphexec.document.editor.everywhere.broadcasts import Broadcast, Rule
from graphexec.document.editor.everywhere.patterns import BadPattern, compiled, found_in
from graphexec.document.editor.everywhere.recipients import Recipient
from graphexec.document.editor.everywhere.regions import frames_of
from graphexec.document.editor.model import EditorGraph, EditorNode, Mode

TitleOf = Callable[[EditorNode], str]


class Matcher:
    """Matches the broadcasts of one file; `bad` gathers the patterns that cannot be used, by sender."""

    def __init__(self, graph: EditorGraph, display_title: TitleOf) -> None:
        self._graph = graph
        self._display_title = display_title
        self._patterns: dict[str, re.Pattern[str] | None] = {}
        self._frames: dict[str, frozenset[int]] = {}
        self.bad: dict[tuple[str, str], str] = {}

    def best(self, broadcasts: Iterable[Broadcast], recipient: Recipient) -> list[Broadcast]:
        """Return the broadcasts of the highest priority that reach an input: none, one, or an ambiguous few."""
        reaching = [b for b in broadcasts if self.reaches(b, recipient)]
        highest = max((b.priority for b in reaching), default=0.0)
        return [b for b in reaching if b.priority == highest]

    def reaches(self, sent: Broadcast, recipient: Recipient) -> bool:
        """Whether all conditions hold: graph, type, place, colour, patterns, and the rule for repeated types."""
        node, slot = recipient.node, recipient.slot
        if sent.sender.scope != node.scope or node.id in (sent.origin.node, sent.sender.id):
            return False
        if node.mode is Mode.BYPASSED and not sent.modern:
            return False
        kind = sent.type == slot.type or (sent.to_combos and (sent.type, slot.type) == ("STRING", "COMBO"))
        if not kind and not (sent.to_any and slot.type == "*"):
            return False
        name = slot.label or slot.name
        return (
            self._in_region(sent, node)
            and self._matches(sent, sent.title, [self._title(sent, node)])
            and self._matches(sent, sent.input, [name])
            and self._matches(sent, sent.group, [self._graph.frames[k].title for k in self._frames_of(node)])
            and self._agrees(sent, name, slot.name, self._title(sent, node))
        )

    def _title(self, sent: Broadcast, node: EditorNode) -> str:
        """Return a node's title: without one, 7.x takes the display name of its type, older versions the type."""
        return node.title or self._display_title(node) if sent.modern else node.shown_title

    def _in_region(self, sent: Broadcast, node: EditorNode) -> bool:
        if sent.same_color and (sent.sender.color == node.color) is not (sent.same_color == 1):
            return False
        if not sent.same_group:
            return True
        shares = not self._frames_of(sent.sender).isdisjoint(self._frames_of(node))
        return shares is (sent.same_group == 1)

    def _frames_of(self, node: EditorNode) -> frozenset[int]:
        if node.id not in self._frames:
            self._frames[node.id] = frames_of(node, self._graph.frames)
        return self._frames[node.id]

    def _matches(self, sent: Broadcast, pattern: tuple[str, bool] | None, texts: list[str]) -> bool:
        if pattern is None:
            return True
        expression = self._compiled(sent, pattern[0])
        if expression is None:
            return False
        return any(found_in(expression, text) for text in texts) is not pattern[1]

    def _compiled(self, sent: Broadcast, pattern: str) -> re.Pattern[str] | None:
        if pattern not in self._patterns:
            try:
                self._patterns[pattern] = compiled(pattern)
            except BadPattern as error:
                self._patterns[pattern] = None
                self.bad[sent.sender.id, pattern] = str(error)
        return self._patterns[pattern]

    def _agrees(self, sent: Broadcast, label: str, name: str, title: str) -> bool:
        match sent.rule:
            case None:
                return True
            case Rule.EQUAL:
                return sent.name in (label, name)
            case Rule.COMMON_START:
                return any(_overlap(sent.name, other, str.startswith) for other in (label, name))
            case Rule.COMMON_END:
                return any(_overlap(sent.name, other, str.endswith) for other in (label, name))
            case Rule.TITLE:
                return sent.name == title
            case Rule.PATTERN:
                return self._matches(sent, (sent.name, False), [label])


def _overlap(one: str, other: str, meets: Callable[[str, str], bool]) -> bool:
    return meets(one, other) or meets(other, one)
