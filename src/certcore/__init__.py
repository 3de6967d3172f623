"""Training certifications: issue, renew, archive and prove them."""

from importlib import import_module

_HOMES = {
    "certcore.domain.awards": ("Award", "Basis", "BasisKind", "Details", "Link", "Period", "Status"),
    "certcore.domain.certifications": ("Certification", "Item", "ItemKind", "ItemRef"),
    "certcore.domain.decisions": ("Held", "Outcome"),
    "certcore.domain.documents": ("DocumentTemplate",),
    "certcore.domain.external": ("ExternalCertificate",),
    "certcore.domain.files": ("FileJudgement", "FileLimits", "Finding", "Verdict"),
    "certcore.domain.people": ("Act", "Actor", "Person", "Role", "Scope"),
    "certcore.domain.policy": ("Facts", "RenewalPolicy"),
    "certcore.domain.reasons": ("Reason",),
    "certcore.domain.renewability": ("Renewability",),
    "certcore.domain.renewals": ("Renewal",),
    "certcore.domain.reviewers": ("ExternalSettings",),
    "certcore.domain.settings": ("Settings",),
    "certcore.domain.verification": ("Verification", "VerificationState"),
    "certcore.errors": (
        "CertcoreError",
        "CodeTaken",
        "Conflict",
        "CorruptDocument",
        "CorruptRecord",
        "DateOutOfRange",
        "FileRefused",
        "IdempotencyConflict",
        "InTransaction",
        "InvalidDefinition",
        "InvalidInput",
        "InvalidPolicy",
        "InvalidTemplate",
        "InvalidValue",
        "ItemTaken",
        "LiveAwards",
        "NaiveDatetime",
        "NoReviewer",
        "NotAllowedHere",
        "NotEquated",
        "NotFound",
        "NotInstalled",
        "NotLive",
        "NotPending",
        "NotRenewable",
        "NotReplaceable",
        "NotRestorable",
        "NotSupported",
        "NotTypedBack",
        "NotUndoable",
        "NumberTaken",
        "Refused",
        "Retired",
        "Retryable",
        "ReviewRefused",
        "SchemaMismatch",
        "SkippedDay",
        "StillLive",
        "StorageError",
        "Undeliverable",
        "UnknownJob",
        "UnknownShortCode",
        "UnknownZone",
        "Unprintable",
        "UnreadableFile",
        "Withdrawn",
        "WrongJobState",
    ),
    "certcore.registrar": ("Registrar",),
    "certcore.services.access": ("RoleAccess",),
    "certcore.services.awarding": ("AwardReport", "AwardRequest"),
    "certcore.services.completing": ("Completed", "CompletionOutcome", "CompletionReport"),
    "certcore.services.importing": ("Duplicates", "ImportReport", "ImportRequest", "Mode", "TableFormat"),
    "certcore.services.reviewing": ("ExternalUpload",),
}
"""Where the public names come from, each when it is first asked for; ``__init__.pyi`` says so to type checkers."""

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(_HOME_OF[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
