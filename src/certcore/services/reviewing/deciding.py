"""What a reviewer does to a certificate that waits: correct it, validate it, reject it (R-73, R-74)."""

from collections.abc import Mapping
from typing import Final

from attrs import evolve, frozen

from certcore.domain.external import ExternalCertificate, ExternalState
from certcore.domain.external_transitions import ExternalChange, correct, reject, validate
from certcore.domain.numbers import new_salts
from certcore.domain.people import Actor
from certcore.domain.transitions import Context
from certcore.errors import InvalidValue, NotAllowedHere, NotPending, ReviewRefused
from certcore.ports import Ports, Transaction
from certcore.services.completing import settle_credits
from certcore.services.defining import find_certification
from certcore.services.reviewing.equating import Accepted, equate
from certcore.services.reviewing.records import KIND, external_settings, find_external, write_externals
from certcore.services.reviewing.rights import Right

CORRECTED: Final = ("title", "delivered_on", "expires_on", "credits", "equivalence")
"""What a reviewer may correct."""


@frozen
class Deciding:
    """One reviewer before one certificate, in one transaction."""

    ports: Ports
    tx: Transaction
    actor: Actor
    job_id: int | None = None

    def found(self, ref: str, seen: int | None) -> ExternalCertificate:
        """The certificate, which waits and which the actor may review; as they saw it, where they say so.

        Raises `NotFound`, `ReviewRefused` and `NotPending`.
        """
        right = Right.of(self.ports, external_settings(self.tx), self.actor)
        certificate = find_external(self.tx, ref)
        right.check(certificate)
        if certificate.state is not ExternalState.PENDING:
            raise NotPending(certificate.ref, certificate.state.value)
        if seen is not None and seen != certificate.version:
            raise ReviewRefused(certificate.ref, "changed_meanwhile")
        return certificate

    def corrected(self, certificate: ExternalCertificate, changes: Mapping[str, object]) -> ExternalCertificate:
        """The certificate with the claim's ``changes``; nothing is written where there are none."""
        for name in changes:
            if name not in CORRECTED:
                raise InvalidValue(KIND, name, f"one of {', '.join(CORRECTED)}")
        if changes.get("credits") is not None:
            self.ports.settings.check_credits(changes["credits"])
            if changes["credits"] != certificate.claim.credits and not external_settings(self.tx).credits:
                raise NotAllowedHere("credits of external certificates")
        equivalence = changes.get("equivalence")
        if isinstance(equivalence, str | int):
            changes = {**changes, "equivalence": find_certification(self.tx, equivalence).id}
        claim = evolve(certificate.claim, **changes)  # type: ignore[arg-type]
        if claim == certificate.claim:
            return certificate
        return self._written(correct(certificate, claim, self._salt(), self._context()))

    def validated(self, certificate: ExternalCertificate, comment: str | None) -> ExternalCertificate:
        """The certificate with a yes, and the award of its equivalence beside it; raises `NotEquated`."""
        series = certificate.series if certificate.previous is not None else None
        accepted = Accepted(certificate.id, certificate.learner_id, certificate.claim, series)
        equated = equate(self.ports, self.tx, accepted, self._context())
        after = self._written(validate(certificate, comment, self._salt(), self._context(), equated=equated))
        if after.claim.credits:
            settle_credits(self.ports, self.tx, after.learner_id, self._context())
        return after

    def rejected(self, certificate: ExternalCertificate, comment: str) -> ExternalCertificate:
        """The certificate with a no; raises `InvalidValue` without a comment."""
        return self._written(reject(certificate, comment, self._salt(), self._context()))

    def _written(self, change: ExternalChange) -> ExternalCertificate:
        write_externals(self.tx, [change])
        return change.after

    def _salt(self) -> bytes:
        (salt,) = new_salts(1, self.ports.random_bytes)
        return salt

    def _context(self) -> Context:
        return Context(self.actor, self.ports.now(), self.job_id)
