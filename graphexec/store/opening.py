"""All that a Session keeps: its stores, named data, digests of files and the journal, as the user wants them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from graphexec.ports import Blobs, Hooks
from graphexec.store.blobs import MemoryBlobs
from graphexec.store.disk import DiskStore
from graphexec.store.journal import Journal
from graphexec.store.memory import MemoryStore
from graphexec.store.model import Store
from graphexec.store.remote import Remote
from graphexec.store.tiers import Tiers


@dataclass(frozen=True, slots=True)
class Keeping:
    """What to keep: `directory` None is nothing beyond the process; budgets in bytes; `url` of what machines share."""

    directory: Path | None
    memory: int
    disk: int
    url: str | None = None
    sends: bool = False


@dataclass(frozen=True, slots=True)
class Stores:
    """What a Session keeps. Without a directory, `disk` and `journal` are None."""

    memory: MemoryStore
    store: Store
    blobs: Blobs
    disk: DiskStore | None = None
    journal: Journal | None = None

    def tell(self, warn: Callable[[str], None]) -> None:
        """Give warnings to `warn` from now on."""
        if self.disk is not None:
            self.disk.tell(warn)

    def close(self) -> None:
        """Forget what is in memory, and close files. The stores can still be used."""
        self.memory.clear()
        if self.disk is not None:
            self.disk.close()
        if self.journal is not None:
            self.journal.close()


def open_stores(keeping: Keeping, hooks: Hooks) -> Stores:
    """Return the stores; no file is opened before something is read or written. Raises UsageError."""
    memory = MemoryStore(keeping.memory)
    if keeping.directory is None:
        return Stores(memory, memory, MemoryBlobs())
    disk = DiskStore(keeping.directory, hooks, keeping.disk)
    remote = None if keeping.url is None else Remote(keeping.url, keeping.sends, disk.say)
    return Stores(memory, Tiers(memory, disk, remote), disk, disk, Journal(keeping.directory))
