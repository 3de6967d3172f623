"""The contract of `certcore.ports.DocumentStore`."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import pytest

from certcore.domain.files import DocumentRef
from certcore.errors import CorruptDocument
from certcore.ports import DocumentStore
from certcore.testing.threads import at_once

CONTENTS: Final = (b"", b"\0", b"\r\n\x1a\r\n", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n%%EOF", bytes(range(256)) * 40_000)
"""What no store may change: nothing, a NUL, line ends of all kinds, ten megabytes."""
_DAY: Final = timedelta(days=1)


class DocumentStoreContract:
    """Every promise of the document store. Subclass it, override the fixture ``documents`` and `damage`."""

    @pytest.fixture
    def documents(self) -> DocumentStore:
        """Override this: an empty store of the adapter under test, new for every test."""
        raise NotImplementedError("override the fixture `documents`: return your adapter, empty")

    def damage(self, documents: DocumentStore, ref: DocumentRef, content: bytes) -> None:
        """Override this: put other bytes where the store keeps those of ``ref``, behind its back."""
        raise NotImplementedError("override `damage`: replace what is stored for `ref`")

    @pytest.mark.parametrize("content", CONTENTS, ids=lambda content: f"{len(content)} bytes")
    def test_bytes_come_back_as_they_were(self, documents: DocumentStore, content: bytes) -> None:
        """f51: not one bit of them changes, and their name is their SHA-256 with the holder's id."""
        ref = documents.put(content, 7)
        assert ref == DocumentRef(sha256(content).hexdigest(), 7)
        assert documents.get(ref) == content

    @pytest.mark.parametrize("holder", [0, 1, 2**62 - 1, 2**63 - 1])
    def test_holders_are_any_ids(self, documents: DocumentStore, holder: int) -> None:
        """The least and the greatest are kept apart from all others."""
        ref = documents.put(b"one", holder)
        assert documents.exists([ref, DocumentRef(ref.digest, 5)]) == {ref}

    def test_the_same_bytes_of_two_holders_are_two_documents(self, documents: DocumentStore) -> None:
        """f52: deleting one leaves the other."""
        mine, yours = documents.put(b"same", 1), documents.put(b"same", 2)
        documents.delete([mine])
        assert documents.exists([mine, yours]) == {yours}
        assert documents.get(yours) == b"same"

    def test_putting_twice_is_putting_once(self, documents: DocumentStore) -> None:
        """The second time gives the same name, and one deletion removes it."""
        first, second = documents.put(b"twice", 1), documents.put(b"twice", 1)
        assert first == second
        documents.delete([first])
        assert documents.exists([first]) == frozenset()

    def test_what_is_not_there_is_corrupt(self, documents: DocumentStore) -> None:
        """f40: a row points to it, so bytes were lost; also those of another holder are not given out."""
        documents.put(b"here", 1)
        for ref in (DocumentRef("0" * 64, 1), DocumentRef(sha256(b"here").hexdigest(), 2)):
            with pytest.raises(CorruptDocument) as caught:
                documents.get(ref)
            assert caught.value.digest == ref.digest

    @pytest.mark.parametrize("other", [b"", b"half", b"half of the bytez", b"half of the bytes\n"])
    def test_other_bytes_are_never_given_out(self, documents: DocumentStore, other: bytes) -> None:
        """f40: cut short, a flipped bit, or one byte more."""
        ref = documents.put(b"half of the bytes", 1)
        self.damage(documents, ref, other)
        with pytest.raises(CorruptDocument) as caught:
            documents.get(ref)
        assert caught.value.digest == ref.digest

    def test_putting_again_mends_what_was_damaged(self, documents: DocumentStore) -> None:
        """f40: an upload that is repeated is whole again."""
        ref = documents.put(b"whole", 1)
        self.damage(documents, ref, b"hole")
        documents.put(b"whole", 1)
        assert documents.get(ref) == b"whole"

    def test_deleting_what_is_not_there_does_nothing(self, documents: DocumentStore) -> None:
        """Twice, never stored, or among others that are."""
        kept, gone = documents.put(b"kept", 1), documents.put(b"gone", 1)
        documents.delete([DocumentRef("0" * 64, 1), gone])
        documents.delete([gone])
        documents.delete([])
        assert documents.exists([kept, gone]) == {kept}

    def test_a_deleted_document_can_be_stored_again(self, documents: DocumentStore) -> None:
        """Nothing remembers it."""
        documents.delete([documents.put(b"again", 1)])
        assert documents.get(documents.put(b"again", 1)) == b"again"

    def test_documents_are_listed_in_pages(self, documents: DocumentStore) -> None:
        """f38: every document once, ascending by digest and holder, whatever the size of the page."""
        refs = sorted(documents.put(b"%d" % content, holder) for content in range(40) for holder in (3, 200, 10))
        later = datetime.now(UTC) + _DAY
        for size in (1, 7, 500):
            listed: list[DocumentRef] = []
            while page := documents.put_before(later, listed[-1] if listed else None, size):
                assert len(page) <= size
                listed += page
            assert listed == refs

    def test_young_documents_are_not_listed(self, documents: DocumentStore) -> None:
        """f38: their row may not be written yet."""
        documents.put(b"young", 1)
        assert list(documents.put_before(datetime.now(UTC) - _DAY, None, 10)) == []

    def test_deleted_documents_are_not_listed(self, documents: DocumentStore) -> None:
        """The page goes on after one that is gone."""
        refs = sorted(documents.put(b"%d" % content, 1) for content in range(5))
        documents.delete([refs[2]])
        page = documents.put_before(datetime.now(UTC) + _DAY, refs[2], 10)
        assert list(page) == refs[3:]

    def test_many_threads_store_the_same_bytes(self, documents: DocumentStore) -> None:
        """All succeed, and whoever reads meanwhile sees whole bytes."""
        content = bytes(1_000_000)
        ref = documents.put(content, 0)

        def work(holder: int) -> None:
            for _ in range(5):
                mine = documents.put(content, holder)
                assert documents.get(ref) == documents.get(mine) == content

        acts = [lambda holder=holder % 3: work(holder) for holder in range(6)]
        assert at_once(acts) == [None] * 6

    def test_a_deletion_beside_another_upload_harms_nobody(self, documents: DocumentStore) -> None:
        """f52: one holder deletes over and over while another one stores the same bytes."""

        def store() -> None:
            for _ in range(50):
                assert documents.get(documents.put(b"contended", 1)) == b"contended"

        def delete() -> None:
            for _ in range(50):
                documents.delete([documents.put(b"contended", 2)])

        assert at_once([store, delete]) == [None, None]
