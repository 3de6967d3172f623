"""What is stored of external certificates, and of settings that admins change."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime

from attrs import frozen

from certcore.domain.external import ExternalCertificate, ExternalState
from certcore.domain.stored_settings import Setting


@frozen
class ExternalQuery:
    """Which external certificates a list wants; what is None does not filter, nor do empty ``states``.

    Empty ``learner_ids`` match nobody. The page has at most ``limit`` of them, in ascending order of submission and
    then id, all behind the pair ``after``.
    """

    learner_ids: frozenset[str] | None = None
    states: frozenset[ExternalState] = frozenset()
    after: tuple[datetime, int] | None = None
    limit: int = 50


class ExternalRepository(ABC):
    """External certificates: no id, and no revision of a series, twice (R-73)."""

    @abstractmethod
    def add(self, certificates: Sequence[ExternalCertificate]) -> None:
        """Store new ones, all or none; `Conflict` when an id, or a series with that revision, is taken."""

    @abstractmethod
    def update(self, certificates: Sequence[ExternalCertificate]) -> None:
        """Replace each one whose stored version is one less, in the order given, all or none; else `Conflict`.

        Id, learner, uploader, document, instant of submission and place in the series never change.
        """

    @abstractmethod
    def by_id(self, ids: Collection[int]) -> dict[int, ExternalCertificate]:
        """Those that exist, by id."""

    @abstractmethod
    def versions(self, series: Collection[int]) -> dict[int, list[ExternalCertificate]]:
        """All versions of each series in ascending revision; series not there are absent."""

    @abstractmethod
    def accepted(self, learner_ids: Collection[str]) -> dict[str, list[ExternalCertificate]]:
        """What was accepted of each of these learners, in ascending order of submission and id (`ACCEPTED_STATES`).

        Learners without any are absent.
        """

    @abstractmethod
    def search(self, query: ExternalQuery) -> Sequence[ExternalCertificate]:
        """The page that ``query`` asks for."""


class SettingRepository(ABC):
    """Settings that a platform's admins change, by name."""

    @abstractmethod
    def get(self, name: str) -> Setting | None:
        """The setting, if it was ever changed."""

    @abstractmethod
    def put(self, setting: Setting) -> None:
        """Store a setting in its first version, or replace the one whose version is one less; else `Conflict`."""
