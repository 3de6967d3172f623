"""Storage, directory, catalog, documents in memory: for a host's tests, demos, and tools that may forget when they end.

Supported, not only for tests, and held to every promise of `certcore.ports`. The storage takes a hundred thousand
awards: what is looked up has an index, and a rollback costs as much as what was written, not as what is stored.
"""

from certcore.adapters.memory.catalog import MemoryCatalog
from certcore.adapters.memory.directory import Branch, MemoryDirectory
from certcore.adapters.memory.documents import MemoryDocuments
from certcore.adapters.memory.exports import MemoryExports
from certcore.adapters.memory.inbox import MemoryInbox
from certcore.adapters.memory.storage import MemoryStorage

__all__ = [
    "Branch",
    "MemoryCatalog",
    "MemoryDirectory",
    "MemoryDocuments",
    "MemoryExports",
    "MemoryInbox",
    "MemoryStorage",
]
