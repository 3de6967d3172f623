"""The registrar: one object that names the services. It holds no logic."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType

from certcore.domain.notices.rules import check_code
from certcore.domain.numbers import RandomBytes
from certcore.domain.settings import Settings
from certcore.ports import (
    AccessPolicy,
    Attach,
    Catalog,
    Clock,
    Directory,
    DocumentPrinter,
    DocumentStore,
    ExportStore,
    FileJudge,
    FileScanner,
    JobQueue,
    Notifier,
    Ports,
    Storage,
    Subscriber,
    TemplateEngine,
)
from certcore.services.access import RoleAccess
from certcore.services.archiving import JOB_KIND as REVOKE_JOB
from certcore.services.archiving import Archiving
from certcore.services.awarding import JOB_KIND as AWARD_JOB
from certcore.services.awarding import Awarding
from certcore.services.completing import Completing
from certcore.services.correcting import Correcting
from certcore.services.defining import Defining
from certcore.services.exporting import JOB_KIND as EXPORT_JOB
from certcore.services.exporting import Exporting
from certcore.services.forecasting import Forecasting
from certcore.services.importing import JOB_KIND as IMPORT_JOB
from certcore.services.importing import Importing
from certcore.services.indexing import Indexing
from certcore.services.notifying import Notifying
from certcore.services.previewing import Previewing
from certcore.services.proving import Proving
from certcore.services.renewing import Renewing
from certcore.services.reporting import Reporting
from certcore.services.reviewing import Reviewing
from certcore.services.running import Running
from certcore.services.viewing import Viewing


class Registrar:
    """The services over the ports of one tenant.

    ``access`` defaults to `RoleAccess`, ``clock`` to the machine's, ``random_bytes`` to the operating system's.
    Without ``jobs``, long acts wait as queued jobs until ``running.run_queued()``; without ``documents`` and
    ``file_judge`` nobody can upload external certificates, which ``file_scanner`` scans for viruses.
    ``notifier`` sends notices, with the files that ``attachments`` make; several are given by name, each sends every
    notice. ``template_engines`` are those that templates may name besides short codes.
    Without a ``printer`` awards have no documents, and without ``exports`` there are no export jobs.
    ``subscribers`` consume every event, each in the order of its award.
    """

    def __init__(
        self,
        *,
        storage: Storage,
        directory: Directory,
        catalog: Catalog,
        access: AccessPolicy | None = None,
        jobs: JobQueue | None = None,
        clock: Clock = partial(datetime.now, UTC),
        random_bytes: RandomBytes = os.urandom,
        settings: Settings = Settings(),
        documents: DocumentStore | None = None,
        file_judge: FileJudge | None = None,
        file_scanner: FileScanner | None = None,
        notifier: Notifier | Mapping[str, Notifier] | None = None,
        attachments: Sequence[Attach] = (),
        template_engines: Mapping[str, TemplateEngine] = MappingProxyType({}),
        printer: DocumentPrinter | None = None,
        subscribers: Mapping[str, Subscriber] = MappingProxyType({}),
        exports: ExportStore | None = None,
    ) -> None:
        ports = Ports(
            storage=storage,
            directory=directory,
            catalog=catalog,
            access=access or RoleAccess(directory),
            jobs=jobs,
            clock=clock,
            random_bytes=random_bytes,
            settings=settings,
            documents=documents,
            file_judge=file_judge,
            file_scanner=file_scanner,
            notifiers=_named(notifier),
            attachments=tuple(attachments),
            template_engines=template_engines,
            printer=printer,
            subscribers=subscribers,
            exports=exports,
        )
        self.defining = Defining(ports)
        self.archiving = Archiving(ports)
        self.awarding = Awarding(ports)
        self.completing = Completing(ports)
        self.correcting = Correcting(ports)
        self.exporting = Exporting(ports)
        self.forecasting = Forecasting(ports)
        self.importing = Importing(ports)
        self.indexing = Indexing(ports)
        self.notifying = Notifying(ports)
        self.previewing = Previewing(ports)
        self.proving = Proving(ports)
        self.renewing = Renewing(ports)
        self.reporting = Reporting(ports)
        self.viewing = Viewing(ports)
        self.reviewing = Reviewing(ports)
        handlers = {
            AWARD_JOB: self.awarding.handler,
            EXPORT_JOB: self.exporting.handler,
            IMPORT_JOB: self.importing.handler,
            REVOKE_JOB: self.archiving.handler,
            **self.notifying.handlers,
        }
        self.running = Running(ports, handlers, complete=True)


def _named(notifier: Notifier | Mapping[str, Notifier] | None) -> Mapping[str, Notifier]:
    if notifier is None:
        return {}
    if not isinstance(notifier, Mapping):
        return {"default": notifier}
    for name in notifier:
        check_code("notifier", name)
    return notifier
