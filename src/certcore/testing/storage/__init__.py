"""The contract of `certcore.ports.Storage`."""

from certcore.testing.storage.awards import AwardContract
from certcore.testing.storage.certifications import CertificationContract
from certcore.testing.storage.changing import ChangingContract
from certcore.testing.storage.concurrency import ConcurrencyContract
from certcore.testing.storage.externals import ExternalContract, SettingContract
from certcore.testing.storage.finding import FindingContract
from certcore.testing.storage.issuing import IssuingContract
from certcore.testing.storage.jobs import JobContract
from certcore.testing.storage.ledgers import HistoryContract, OutboxContract
from certcore.testing.storage.lives import CompletionContract, DeliveryContract, RenewalContract
from certcore.testing.storage.notices import DispatchContract, TellingContract
from certcore.testing.storage.removal import RemovalContract
from certcore.testing.storage.search import SearchContract
from certcore.testing.storage.standing import RevocationContract, StatusContract, TallyContract
from certcore.testing.storage.sweeps import ExpiryContract, SweepContract
from certcore.testing.storage.transactions import ConflictContract, NestingContract, TransactionContract

__all__ = ["StorageContract"]


class StorageContract(
    TransactionContract,
    NestingContract,
    ConflictContract,
    ConcurrencyContract,
    CertificationContract,
    AwardContract,
    IssuingContract,
    ChangingContract,
    SearchContract,
    FindingContract,
    HistoryContract,
    OutboxContract,
    JobContract,
    ExternalContract,
    SettingContract,
    StatusContract,
    TallyContract,
    RevocationContract,
    CompletionContract,
    RenewalContract,
    DeliveryContract,
    DispatchContract,
    TellingContract,
    SweepContract,
    ExpiryContract,
    RemovalContract,
):
    """Every promise of the storage. Subclass it and override the fixture ``storage`` with an empty one."""
