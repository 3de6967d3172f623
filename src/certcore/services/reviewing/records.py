"""External certificates as the services share them: found, stored, and shown in pages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from certcore.domain.awards import Award
from certcore.domain.certifications import Certification
from certcore.domain.external import ExternalCertificate
from certcore.domain.external_notices import dropped_by, notices_of
from certcore.domain.external_transitions import ExternalChange
from certcore.domain.numbers import id_from, id_text
from certcore.domain.people import Person
from certcore.domain.reviewers import ExternalSettings
from certcore.domain.time import from_micros, to_micros
from certcore.domain.views import Viewer
from certcore.errors import CorruptRecord, DateOutOfRange, InvalidValue, NotFound
from certcore.ports import Ports, Transaction
from certcore.services.records import readable

KIND: Final = "external certificate"
SETTING: Final = "external_certificates"
_CURSOR: Final = re.compile("(-?[0-9]{1,18})-([0-7][0-9a-f]{15})")
_NO_ID: Final = -1


@frozen
class ExternalRecord:
    """An external certificate with what a reader needs beside it.

    ``person`` is the learner, ``uploader`` and ``reviewer`` who did that; None where the directory does not know them.
    ``equivalence`` is the certification it stands for, ``replaced_by`` the version that took its place.
    """

    certificate: ExternalCertificate
    person: Person | None
    uploader: Person | None
    reviewer: Person | None
    equivalence: Certification | None
    replaced_by: ExternalCertificate | None

    @property
    def username(self) -> str:
        """The learner's username, or their id when the directory knows them no more."""
        return self.person.username if self.person else self.certificate.learner_id


@frozen
class ExternalPage:
    """A page of records in the order of submission, and the cursor of the next page (None: this was the last)."""

    records: Sequence[ExternalRecord]
    next: str | None


def external_settings(tx: Transaction) -> ExternalSettings:
    """What the platform's admins have decided; the defaults where they have not."""
    setting = tx.settings.get(SETTING)
    return ExternalSettings() if setting is None else ExternalSettings().changed(setting.data)


def find_external(tx: Transaction, ref: str) -> ExternalCertificate:
    """The external certificate with this public id; raises `NotFound`."""
    external_id = id_from(ref)
    found = None if external_id is None else tx.externals.by_id([external_id]).get(external_id)
    if found is None:
        raise NotFound(KIND, ref)
    return found


def write_externals(tx: Transaction, changes: Sequence[ExternalChange]) -> None:
    """Store changes, in the order given, with their history, their events and what is to be told (I5)."""
    tx.externals.add([change.after for change in changes if change.before is None])
    tx.externals.update([change.after for change in changes if change.before is not None])
    tx.history.append([change.entry for change in changes])
    tx.outbox.append([change.event for change in changes])
    known = tx.deliveries.of([change.after.id for change in changes if change.before is not None])
    tx.deliveries.update([each for change in changes for each in dropped_by(change, known.get(change.after.id, ()))])
    tx.deliveries.add([each for change in changes for each in notices_of(change)])


def records_of(
    ports: Ports, tx: Transaction, certificates: Sequence[ExternalCertificate], viewer: Viewer
) -> Iterator[ExternalRecord]:
    """A record for each certificate, in the order given, as ``viewer`` sees it.

    Who reads as the learner is not told the number of an award that was taken from them (R-33, R-61).
    """
    reviewers = {each.id: each.review.reviewer_id for each in certificates if each.review}
    named = {each.learner_id for each in certificates} | {each.uploaded_by for each in certificates}
    people = ports.directory.people(named | set(reviewers.values()))
    wanted = {each.claim.equivalence for each in certificates if each.claim.equivalence is not None}
    certifications = tx.certifications.by_id(wanted)
    later = {each.previous: each for each in _versions(tx, {each.series for each in certificates})}
    shown = _Shown.of(tx, [*certificates, *later.values()], viewer)
    for each in certificates:
        yield ExternalRecord(
            shown.certificate(each),
            people.get(each.learner_id),
            people.get(each.uploaded_by),
            people.get(reviewers.get(each.id, "")),
            certifications.get(_NO_ID if each.claim.equivalence is None else each.claim.equivalence),
            shown.certificate(later[each.id]) if each.id in later else None,
        )


@frozen
class _Shown:
    """What one reader sees of certificates: the awards that they name, as far as the reader sees these."""

    viewer: Viewer
    awards: Mapping[str, Award]

    @classmethod
    def of(cls, tx: Transaction, certificates: Sequence[ExternalCertificate], viewer: Viewer) -> "_Shown":
        own = [each for each in certificates if viewer.as_learner(each.learner_id)]
        named = {each.equated.number for each in own if each.equated and each.equated.number}
        return cls(viewer, readable(tx.awards.by_number, named))

    def certificate(self, it: ExternalCertificate) -> ExternalCertificate:
        if it.equated is None or it.equated.number is None or not self.viewer.as_learner(it.learner_id):
            return it
        if self.viewer.shown(self.awards.get(it.equated.number)) is not None:
            return it
        return evolve(it, equated=evolve(it.equated, number=None, award_id=None))


def _versions(tx: Transaction, series: set[int]) -> list[ExternalCertificate]:
    """All versions; a series with one that cannot be read hides nothing else in a list (f39)."""
    try:
        return [each for versions in tx.externals.versions(series).values() for each in versions]
    except CorruptRecord:
        return [] if len(series) == 1 else [each for one in series for each in _versions(tx, {one})]


def cursor_of(certificate: ExternalCertificate) -> str:
    """Where the page behind this certificate begins."""
    return f"{to_micros(certificate.submitted_at)}-{id_text(certificate.id)}"


def place_of(cursor: str | None) -> tuple[datetime, int] | None:
    """The place that `cursor_of` wrote; raises `InvalidValue` for any other text."""
    if cursor is None:
        return None
    try:
        found = _CURSOR.fullmatch(cursor)
        if found:
            return from_micros(int(found[1])), int(found[2], 16)
    except (OverflowError, DateOutOfRange):
        pass
    raise InvalidValue("after", cursor, "the cursor that the page before gave as next")
