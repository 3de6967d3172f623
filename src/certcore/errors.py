"""Every error certcore raises, under one root.

::

    CertcoreError
    ├── InvalidInput            what was passed in cannot be used; nothing was done
    │   ├── InvalidValue        a value of the wrong form, with the field's name
    │   ├── UnknownZone         not an IANA name nor an ISO 8601 offset
    │   ├── NaiveDatetime       an instant without a zone (R-10)
    │   ├── SkippedDay          a civil day that never happened in its zone (R-11)
    │   ├── DateOutOfRange      arithmetic left the years 1 to 9999
    │   ├── InvalidPolicy       a renewal policy that says something impossible
    │   ├── InvalidDefinition   a certification or a world file that cannot be loaded
    │   ├── InvalidTemplate     a notice's template that cannot be read (R-81)
    │   ├── UnknownShortCode    a code in a notice's template that has no value there (R-81)
    │   └── UnreadableFile      a file that is not the CSV it should be
    ├── Refused                 understood, and not allowed by a rule
    │   ├── NotFound            not there, or not for this actor: the two look the same (R-114)
    │   ├── CodeTaken           a certification's code is in use
    │   ├── ItemTaken           the item carries another certification (R-5)
    │   ├── Retired             the certification is retired: no new awards
    │   ├── NotAllowedHere      switched off in the platform's settings (R-9)
    │   ├── NotSupported        an adapter of this platform cannot do it
    │   ├── NotRenewable        the award cannot be renewed now (R-50)
    │   ├── Undeliverable       a reader whom no further attempt would reach (R-83)
    │   ├── InTransaction       what cannot be taken back, asked for inside a transaction
    │   ├── NotLive             the award is no longer live: it cannot be changed
    │   ├── Withdrawn           the award was taken away: no document proves it (R-100)
    │   ├── Unprintable         no font of the printer has a character of the document (R-100)
    │   ├── StillLive           the award is live: it cannot be purged (R-61)
    │   ├── LiveAwards          the certification has live awards: it is not deleted unless that is asked for (R-4)
    │   ├── NotTypedBack        what was typed is not the code or name of what is to be deleted (R-4)
    │   ├── NotRestorable       the award is not an archived predecessor that can be live again (R-65)
    │   ├── NotUndoable         an import's awards were changed since (R-45)
    │   ├── NumberTaken         no free certificate number was found (R-25)
    │   ├── FileRefused         an uploaded file may not be stored (R-71)
    │   ├── NotPending          an external certificate was decided or withdrawn already (R-73)
    │   ├── NotReplaceable      an external certificate that can have no next version now (R-73)
    │   ├── ReviewRefused       somebody else has to decide, or look again first (R-72)
    │   ├── NoReviewer          nobody could validate what would be submitted (R-70)
    │   ├── NotEquated          an external certificate cannot give the award it stands for (R-74)
    │   ├── WrongJobState       a job that is over cannot be cancelled, or not be resumed
    │   ├── UnknownJob          a job of a kind or version that this release does not know; it is parked (f29)
    │   └── IdempotencyConflict the key was used with other parameters (R-34)
    ├── NotInstalled            an optional package is needed for this
    └── StorageError            the store could not do it; it is as it was before
        ├── Conflict            somebody else was first: read again and decide again
        ├── Retryable           the database asked for another try of the whole unit
        ├── SchemaMismatch      the tables are older or newer than this release
        ├── CorruptRecord       a stored row that cannot be understood
        └── CorruptDocument     stored bytes that are gone or no longer those that were stored

Each class has a stable ``code`` for machines and its data as attributes, and ``str()`` is an English sentence that says
how to mend it.
"""

from typing import Any, ClassVar

from attrs import define


class CertcoreError(Exception):
    """The root: catch it to catch everything certcore raises on purpose."""

    code: ClassVar[str] = "certcore_error"

    @property
    def message(self) -> str:
        """One English sentence: what is wrong and how to mend it."""
        return str(self.args[0]) if self.args else self.code

    def __str__(self) -> str:
        return self.message


class InvalidInput(CertcoreError):
    """What was passed in cannot be used; nothing was done."""

    code = "invalid_input"


@define
class InvalidValue(InvalidInput):
    """``field`` was given ``value``, which it cannot take; ``expected`` says what it can."""

    code = "invalid_value"
    field: str
    value: object
    expected: str

    @property
    def message(self) -> str:
        return f"{self.field}: {_shown(self.value)} is not possible; expected {self.expected}."


@define
class UnknownZone(InvalidInput):
    """``zone`` is neither an IANA time zone nor an ISO 8601 offset (R-10)."""

    code = "unknown_zone"
    zone: str

    @property
    def message(self) -> str:
        return (
            f"{_shown(self.zone)} is not a time zone; give an IANA name such as 'Europe/Rome' "
            "or an ISO 8601 offset such as '-04:00'."
        )


@define
class NaiveDatetime(InvalidInput):
    """A datetime without a zone came in where an instant is needed (R-10)."""

    code = "naive_datetime"
    value: object

    @property
    def message(self) -> str:
        return f"{self.value} has no time zone; pass an aware datetime, for example in UTC."


@define
class SkippedDay(InvalidInput):
    """The civil day ``date`` never happened in ``zone`` (R-11)."""

    code = "skipped_day"
    date: str
    zone: str

    @property
    def message(self) -> str:
        return f"{self.date} never happened in {self.zone}: its clocks skipped the whole day; give another date."


@define
class DateOutOfRange(InvalidInput):
    """Counting from ``date`` by ``by`` leaves the calendar of years 1 to 9999."""

    code = "date_out_of_range"
    date: str
    by: str

    @property
    def message(self) -> str:
        return f"{self.date} and {self.by} lead outside the years 1 to 9999; use a shorter length or another date."


@define
class InvalidPolicy(InvalidInput):
    """The renewal policy cannot be used: the key at ``path`` (dotted) and what to do about it."""

    code = "invalid_policy"
    path: str
    problem: str

    @property
    def message(self) -> str:
        return f"policy key {self.path or '(whole policy)'}: {self.problem}"


@define
class InvalidDefinition(InvalidInput):
    """A world file or a definition cannot be used: where (dotted path) and what to do about it."""

    code = "invalid_definition"
    path: str
    problem: str

    @property
    def message(self) -> str:
        return f"{self.path}: {self.problem}"


@define
class InvalidTemplate(InvalidInput):
    """The ``template`` of a notice cannot be read: ``problem`` says where and what to do about it (R-81)."""

    code = "invalid_template"
    template: str
    problem: str

    @property
    def message(self) -> str:
        return f"template {_shown(self.template)}: {self.problem}"


@define
class UnknownShortCode(InvalidInput):
    """``short_code`` in the ``template`` of a notice has no value: ``known`` are those that have one (R-81).

    ``trigger`` is that of the rule which uses the template, None where there is no such code at all.
    """

    code = "unknown_short_code"
    template: str
    short_code: str
    known: tuple[str, ...]
    trigger: str | None = None

    @property
    def message(self) -> str:
        where = f"is not known when a rule tells of {self.trigger}" if self.trigger else "is not known"
        return (
            f"template {_shown(self.template)}: the short code {_shown(self.short_code)} {where}; write [[ for a "
            f"bracket, or use one of {', '.join(self.known)}."
        )


@define
class UnreadableFile(InvalidInput):
    """A file cannot be read at all; ``reason`` is a stable code, ``line`` and ``column`` count from 1."""

    code = "unreadable_file"
    reason: str
    problem: str
    line: int | None = None
    column: str | None = None

    @property
    def message(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        return f"{where}{self.problem}"


class Refused(CertcoreError):
    """Understood, and not allowed by a rule; nothing was done."""

    code = "refused"


@define
class NotFound(Refused):
    """``kind`` ``ref`` does not exist, or the actor may not know it: the two look the same (R-114)."""

    code = "not_found"
    kind: str
    ref: str

    @property
    def message(self) -> str:
        return f"no {self.kind} {_shown(self.ref)} that you may use; check the spelling and your rights."


@define
class CodeTaken(Refused):
    """Another certification has this ``certification_code`` (R-1)."""

    code = "code_taken"
    certification_code: str

    @property
    def message(self) -> str:
        return f"code {_shown(self.certification_code)} belongs to another certification; choose another code."


@define
class ItemTaken(Refused):
    """``item`` already carries the certification named ``holder``, and can carry only one (R-5)."""

    code = "item_taken"
    item: str
    holder: str

    @property
    def message(self) -> str:
        return f"{self.item} already carries {_shown(self.holder)}; an item carries at most one certification."


@define
class Retired(Refused):
    """``certification`` is retired: no new awards, history kept (R-4)."""

    code = "retired_certification"
    certification: str

    @property
    def message(self) -> str:
        return f"certification {_shown(self.certification)} is retired and takes no new awards; choose another."


@define
class NotAllowedHere(Refused):
    """``what`` is switched off in the platform's settings (R-9)."""

    code = "not_allowed_here"
    what: str

    @property
    def message(self) -> str:
        return f"{self.what} is switched off in this platform's settings; switch it on there first."


@define
class NotSupported(Refused):
    """An adapter of this platform cannot do ``what``."""

    code = "not_supported"
    what: str

    @property
    def message(self) -> str:
        return f"this platform's adapter does not support {self.what}; implement that method of its port."


@define
class NotRenewable(Refused):
    """Award ``number`` cannot be renewed now; ``reasons`` are all that stands against it, each a `Reason` (R-50)."""

    code = "not_renewable"
    number: str
    reasons: tuple[Any, ...]

    @property
    def message(self) -> str:
        why = " ".join(map(str, self.reasons))
        return f"award {self.number} cannot be renewed now: {why} Once that has changed, start again."


@define
class Undeliverable(Refused):
    """A notifier cannot reach the person ``recipient``, today or later: ``problem`` (R-83)."""

    code = "undeliverable"
    recipient: str
    problem: str

    @property
    def message(self) -> str:
        return f"{_shown(self.recipient)} cannot be reached: {self.problem}; correct that and send the message again."


@define
class InTransaction(Refused):
    """``what`` cannot be taken back by a rollback, and so is not done inside a transaction."""

    code = "in_transaction"
    what: str

    @property
    def message(self) -> str:
        return f"{self.what} is not possible inside a transaction; do it after that has ended."


@define
class NotLive(Refused):
    """Award ``number`` is archived, revoked or unassigned and cannot be changed."""

    code = "not_live"
    number: str

    @property
    def message(self) -> str:
        return f"award {self.number} is no longer live; issue a new award instead of changing it."


@define
class Withdrawn(Refused):
    """The award with this ``number`` was revoked, unassigned or undone: there is nothing to prove any more."""

    code = "withdrawn"
    number: str

    @property
    def message(self) -> str:
        return f"award {self.number} was taken away; only an award that was not has a document."


@define
class Unprintable(Refused):
    """The ``field`` of a document has a ``character`` for which no font of the printer has a glyph."""

    code = "unprintable"
    field: str
    character: str

    @property
    def message(self) -> str:
        point = f"U+{ord(self.character):04X}" if len(self.character) == 1 else "nothing that can be seen"
        return f"{self.field} has {point}, which no font here can print; give the printer a font that has it."


@define
class StillLive(Refused):
    """Award ``number`` is live and cannot be purged (R-61)."""

    code = "still_live"
    number: str

    @property
    def message(self) -> str:
        return f"award {self.number} is live; revoke or unassign it before it is purged."


@define
class LiveAwards(Refused):
    """``certification`` has ``count`` live awards and is not deleted with them unless that is asked for (R-4)."""

    code = "live_awards"
    certification: str
    count: int

    @property
    def message(self) -> str:
        return (
            f"certification {_shown(self.certification)} has {self.count} live awards, which deleting would remove "
            "with their history; retire it instead, or say that the live ones are to go too."
        )


@define
class NotTypedBack(Refused):
    """``typed`` is neither the code nor the name of ``certification``, which is to be deleted (R-4)."""

    code = "not_typed_back"
    certification: str
    typed: str

    @property
    def message(self) -> str:
        return (
            f"{_shown(self.typed)} is not what certification {_shown(self.certification)} is called; to delete it for "
            "good, type its code or its name."
        )


@define
class NotRestorable(Refused):
    """Award ``number`` cannot be live again (R-65)."""

    code = "not_restorable"
    number: str

    @property
    def message(self) -> str:
        return (
            f"award {self.number} cannot be live again: only one whose renewal was revoked or unassigned can, and only "
            "while the learner holds no other of that certification; issue a new award instead."
        )


@define
class NotUndoable(Refused):
    """Import ``import_id`` cannot be undone: the awards with these ``numbers`` were changed since (R-45)."""

    code = "not_undoable"
    import_id: str
    numbers: tuple[str, ...]

    @property
    def message(self) -> str:
        shown = ", ".join(self.numbers[:10]) + (" and others" if len(self.numbers) > 10 else "")
        return f"import {self.import_id} cannot be undone: {shown} changed since; correct those awards one by one."


@define
class NumberTaken(Refused):
    """``tries`` certificate numbers in a row were in use already (R-25, f20)."""

    code = "number_taken"
    tries: int

    @property
    def message(self) -> str:
        return f"{self.tries} certificate numbers in a row were taken; check the source of random bytes."


@define
class FileRefused(Refused):
    """An uploaded file may not be stored: the ``codes`` of what was found, and ``problem`` in sentences (R-71)."""

    code = "file_refused"
    codes: tuple[str, ...]
    problem: str

    @property
    def message(self) -> str:
        return f"the file was not taken: {self.problem}"


@define
class NotPending(Refused):
    """External certificate ``ref`` is ``state`` already: it can be decided, corrected or withdrawn no more (R-73)."""

    code = "not_pending"
    ref: str
    state: str

    @property
    def message(self) -> str:
        return f"external certificate {self.ref} is {self.state} already; submit a new version to change it."


@define
class NotReplaceable(Refused):
    """External certificate ``ref`` can have no next version now: ``reason`` is `pending` or `replaced` (R-73)."""

    code = "not_replaceable"
    ref: str
    reason: str

    @property
    def message(self) -> str:
        if self.reason == "pending":
            return f"external certificate {self.ref} waits for a reviewer; withdraw it to submit another version."
        return f"external certificate {self.ref} has a later version already; submit the next one in place of that."


@define
class ReviewRefused(Refused):
    """External certificate ``ref`` cannot be decided by this actor now (R-72).

    ``reason`` is `own_certificate`, `own_upload`, or `changed_meanwhile` where they decided on what they have not seen.
    """

    code = "review_refused"
    ref: str
    reason: str

    @property
    def message(self) -> str:
        if self.reason == "changed_meanwhile":
            return f"external certificate {self.ref} was corrected by somebody else meanwhile; look at it again."
        whose = "is their own" if self.reason == "own_certificate" else "was uploaded by them"
        return f"external certificate {self.ref} cannot be reviewed by who asks, since it {whose}; let somebody else."


@define
class NoReviewer(Refused):
    """Nobody could validate a certificate of the learner ``username`` (R-70)."""

    code = "no_reviewer"
    username: str

    @property
    def message(self) -> str:
        return (
            f"nobody could review a certificate of {_shown(self.username)}; give them a manager, coach or group admin "
            "as the settings ask, other than who uploads it."
        )


@define
class NotEquated(Refused):
    """An external certificate cannot give the award of ``certification`` that it stands for (R-74).

    ``reason`` is the code of why, ``sentence`` says it in English.
    """

    code = "not_equated"
    certification: str
    reason: str
    sentence: str

    @property
    def message(self) -> str:
        return (
            f"no award of {_shown(self.certification)} can follow: {self.sentence} "
            "Leave the equivalence out, or decide otherwise."
        )


@define
class WrongJobState(Refused):
    """Job ``job_id`` is ``state`` and so cannot be ``act``: `cancelled` or `resumed`."""

    code = "wrong_job_state"
    job_id: str
    state: str
    act: str

    @property
    def message(self) -> str:
        return f"job {self.job_id} is {self.state} and cannot be {self.act}; if its act is still wanted, do it anew."


@define
class UnknownJob(Refused):
    """Job ``job_id`` is of a ``kind`` or payload ``version`` that this release does not know (f29)."""

    code = "unknown_job"
    job_id: str
    kind: str
    version: str

    @property
    def message(self) -> str:
        return (
            f"job {self.job_id} (kind {_shown(self.kind)}, version {_shown(self.version)}) cannot be read by this "
            "release; it stays as it is until a release that can read it resumes it."
        )


@define
class IdempotencyConflict(Refused):
    """Idempotency key ``key`` was used before with other parameters (R-34)."""

    code = "idempotency_conflict"
    key: str

    @property
    def message(self) -> str:
        return f"key {_shown(self.key)} was used with other parameters; use a new key for another act."


@define
class NotInstalled(CertcoreError):
    """``package`` is needed for this, which the ``extra`` of certcore brings."""

    code = "not_installed"
    package: str
    extra: str

    @property
    def message(self) -> str:
        return f"{self.package} is not installed; run pip install 'certcore[{self.extra}]'."


class StorageError(CertcoreError):
    """The store could not do it; it is as it was before."""

    code = "storage_error"


@define
class Conflict(StorageError):
    """Somebody else wrote ``what`` first: a unique key or a version no longer fits. Read again and decide again."""

    code = "conflict"
    what: str

    @property
    def message(self) -> str:
        return f"{self.what} was written by somebody else meanwhile; read it again and repeat the act."


@define
class Retryable(StorageError):
    """The database gave up on the transaction (``reason``) and asks for another try of the whole unit."""

    code = "retryable"
    reason: str

    @property
    def message(self) -> str:
        return f"the database could not finish ({self.reason}); roll back and run the whole transaction again."


@define
class SchemaMismatch(StorageError):
    """The tables are at ``found`` (None: no tables) and this release needs ``needed``."""

    code = "schema_mismatch"
    found: str | None
    needed: str

    @property
    def message(self) -> str:
        found = "there are no certcore tables" if self.found is None else f"the tables are at revision {self.found}"
        return f"{found}, this release needs {self.needed}; run `certcore db upgrade` or use their release."


@define
class CorruptRecord(StorageError):
    """A stored ``kind`` with key ``ref`` cannot be understood: ``problem``."""

    code = "corrupt_record"
    kind: str
    ref: str
    problem: str

    @property
    def message(self) -> str:
        return f"stored {self.kind} {self.ref} cannot be read ({self.problem}); restore it from a backup."


@define
class CorruptDocument(StorageError):
    """The bytes stored under the SHA-256 ``digest`` cannot be given out: ``problem`` (f40)."""

    code = "corrupt_document"
    digest: str
    problem: str

    @property
    def message(self) -> str:
        return f"stored document {self.digest} cannot be served ({self.problem}); restore it from a backup."


def _shown(value: object, limit: int = 80) -> str:
    text = repr(value[: limit + 1] if isinstance(value, str | bytes) else value)
    return text if len(text) <= limit else f"{text[:limit]}…"
