"""The conformance kit: subclass a contract, give it your adapter, and every promise of its port is tested (R-112).

::

    class TestMyStorage(StorageContract):
        @pytest.fixture
        def storage(self):
            return MyStorage(...)  # empty, and new for every test

`certcore.testing.builders` makes values for tests, `certcore.testing.strategies` has Hypothesis strategies for them.
Needs the extra ``test``.
"""

import pytest

pytest.register_assert_rewrite(
    "certcore.testing.catalog",
    "certcore.testing.directory",
    "certcore.testing.documents",
    "certcore.testing.exports",
    "certcore.testing.job_queue",
    "certcore.testing.notifiers",
    "certcore.testing.storage",
    "certcore.testing.values",
)

from certcore.testing.catalog import CatalogContract, EnrolmentContract  # noqa: E402
from certcore.testing.directory import DirectoryContract  # noqa: E402
from certcore.testing.documents import DocumentStoreContract  # noqa: E402
from certcore.testing.exports import ExportStoreContract  # noqa: E402
from certcore.testing.job_queue import JobQueueContract  # noqa: E402
from certcore.testing.notifiers import InboxContract, NotifierContract  # noqa: E402
from certcore.testing.storage import StorageContract  # noqa: E402

__all__ = [
    "CatalogContract",
    "DirectoryContract",
    "DocumentStoreContract",
    "EnrolmentContract",
    "ExportStoreContract",
    "InboxContract",
    "JobQueueContract",
    "NotifierContract",
    "StorageContract",
]
