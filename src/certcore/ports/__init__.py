"""Everything a host implements, or takes an adapter for: storage, directory, catalog, access, jobs, files, clock.

Rules that hold for every port:

* Instants are aware datetimes in UTC; ids of people, codes and numbers are text and compared by code point.
* Methods take and give batches. An empty batch is allowed and does nothing. What does not exist is absent from the
  answer; only `None` answers of one-value methods say "not there".
* A port raises `certcore.errors.CertcoreError` kinds only; a driver's error never passes through.
* What a host need not have has a method that answers for it: such a method is not abstract.

What a storage has to keep is said in `Storage`.
"""

from certcore.ports.exports import ExportStore
from certcore.ports.externals import ExternalQuery, ExternalRepository, SettingRepository
from certcore.ports.files import DocumentStore, FileJudge, FileScanner
from certcore.ports.host import AccessPolicy, Attribute, Catalog, Clock, Directory, JobQueue, Ports
from certcore.ports.jobs import JobRepository
from certcore.ports.lives import (
    CompletionRepository,
    DeliveryRepository,
    RenewalRepository,
    SweepRepository,
    TombstoneRepository,
)
from certcore.ports.notices import Attach, Inbox, Notifier, Subscriber, TemplateEngine
from certcore.ports.printing import DocumentPrinter
from certcore.ports.searching import AwardDays, AwardQuery, AwardRows, SearchIndex
from certcore.ports.storage import (
    AwardRepository,
    CertificationRepository,
    ExpiryRow,
    HistoryRepository,
    Lapse,
    Outbox,
    StatusRow,
    Storage,
    Tally,
    Transaction,
)

__all__ = [
    "AccessPolicy",
    "Attach",
    "Attribute",
    "AwardDays",
    "AwardQuery",
    "AwardRepository",
    "AwardRows",
    "Catalog",
    "CertificationRepository",
    "Clock",
    "CompletionRepository",
    "DeliveryRepository",
    "Directory",
    "DocumentPrinter",
    "DocumentStore",
    "ExpiryRow",
    "ExportStore",
    "ExternalQuery",
    "ExternalRepository",
    "FileJudge",
    "FileScanner",
    "HistoryRepository",
    "Inbox",
    "JobQueue",
    "JobRepository",
    "Lapse",
    "Notifier",
    "Outbox",
    "Ports",
    "RenewalRepository",
    "SearchIndex",
    "SettingRepository",
    "StatusRow",
    "Storage",
    "Subscriber",
    "SweepRepository",
    "Tally",
    "TemplateEngine",
    "TombstoneRepository",
    "Transaction",
]
