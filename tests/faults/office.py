"""A site whose learner ana submits external certificates, which her manager and her coach review."""

from datetime import date, timedelta
from typing import Final

from certcore.adapters.memory import MemoryDocuments
from certcore.adapters.sql import PersonRecord, SqlCatalog
from certcore.domain.people import Actor
from certcore.domain.policy import RenewalPolicy
from certcore.registrar import Registrar
from certcore.services.reviewing import ExternalUpload
from tests.faults.world import ACTOR, NOW, Site
from tests.services.reviewing.office import PDF, PrefixJudge

CODES: Final = ("AID-1", "AID-2")
ANA: Final = Actor("id-ana")


def open_office(site: Site) -> tuple[Registrar, MemoryDocuments]:
    """Ana has a manager and a coach, who both review; uploads go somewhere that the reviewers need not see."""
    site.directory.save_people(
        [
            PersonRecord(username="mia", id="id-mia"),
            PersonRecord(username="carl", id="id-carl", coach_of=["ana"]),
            PersonRecord(username="ana", id="id-ana", manager="mia"),
        ]
    )
    for code in CODES:
        policy = RenewalPolicy.from_data({"validity": {"years": 5}})
        site.registrar.defining.add(code, code=code, policy=policy, actor=ACTOR)
    site.registrar.reviewing.change_settings(actor=ACTOR, self_import=True, reviewers=["managers", "coaches"])
    documents = MemoryDocuments(lambda: NOW - timedelta(hours=1))
    registrar = Registrar(
        storage=site.storage,
        directory=site.directory,
        catalog=SqlCatalog(site.storage),
        clock=lambda: NOW,
        documents=documents,
        file_judge=PrefixJudge(),
    )
    return registrar, documents


def submitted(registrar: Registrar, key: str | None = None) -> str:
    upload = ExternalUpload(username="ana", title="First aid", delivered_on=date(2026, 1, 1))
    return registrar.reviewing.submit(upload, PDF, actor=ANA, key=key).certificate.ref
