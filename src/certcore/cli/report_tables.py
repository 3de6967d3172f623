"""How reports look to a human, and which columns their files have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import RenderableType

from certcore.cli.listing import Listing
from certcore.cli.output import plain
from certcore.cli.tables import table, titled
from certcore.codec import Document
from certcore.domain.awards import Status

_CHAINS: Final = ("Number", "Status", "Issued", "Last valid")
_NOBODY: Final = "No awards found."


def users(rows: Sequence[Document]) -> Iterator[RenderableType]:
    """Users - Certifications."""
    yield from _chains(rows, "Learner", "Certification")


def certifications(rows: Sequence[Document]) -> Iterator[RenderableType]:
    """Certifications - Users."""
    yield from _chains(rows, "Certification", "Learner")


def _chains(rows: Sequence[Document], first: str, second: str) -> Iterator[RenderableType]:
    """Each award with its neighbours below its number; what it shares with the award above is left out."""
    if not rows:
        yield _NOBODY
        return
    made = table("Number", first, second, *_CHAINS[1:], whole=_CHAINS)
    keys = {"Learner": "username", "Certification": "certification"}
    above = None
    for row in rows:
        shared = row[keys[first]]
        made.add_row(
            _lines(row["number"], _arrow("←", row["renews"]), _arrow("→", row["renewed_by"])),
            "" if shared == above else plain(shared),
            plain(row[keys[second]]),
            _lines(row["status"], (row["renewed"] or row["ended"] or "").replace("_", " ")),
            row["issued_on"],
            row["last_valid_day"] or "always",
        )
        above = shared
    yield made
    yield _zones(rows)


def awarded(rows: Sequence[Document]) -> Iterator[RenderableType]:
    """Those to whom a certification is awarded (R-35)."""
    if not rows:
        yield _NOBODY
        return
    fixed = ("Issued", "Last valid", "Status")
    made = table("Learner", "Name", "Issued", "Last valid", "Left", "Status", "Basis", right=("Left",), whole=fixed)
    for row in rows:
        basis = row["basis"]
        made.add_row(
            plain(row["username"]),
            plain(f"{row['first_name']} {row['last_name']}".strip()),
            row["issued_on"],
            row["last_valid_day"] or "always",
            "" if row["days_left"] is None else str(row["days_left"]),
            row["status"],
            plain(basis["code"] or basis["kind"].replace("_", " ")),
        )
    yield made
    yield _zones(rows)


def statuses(rows: Sequence[Document]) -> Iterator[RenderableType]:
    """How awards stand at an instant (R-14)."""
    if not rows:
        yield _NOBODY
        return
    fixed = ("Number", "Status", "Expires (UTC)")
    made = table("Number", "Learner", "Certification", "Status", "Expires (UTC)", whole=fixed)
    for row in rows:
        expires = row["expires_at"]
        shown = "never" if expires is None else expires[:16].replace("T", " ")
        made.add_row(row["number"], plain(row["username"]), plain(row["certification"]), row["status"], shown)
    yield made


def counts(found: Mapping[str, int]) -> Iterator[RenderableType]:
    """How many awards have each status."""
    made = table("Status", "Awards", right=("Awards",))
    for each in Status:
        if found.get(each):
            made.add_row(each.value, f"{found[each]:,}")
    yield titled("In all", made)


def _zones(rows: Sequence[Document]) -> str:
    zones = sorted({row["zone"] for row in rows})
    return f"Each award's days are those of its own zone: {', '.join(zones[:5])}{' …' if zones[5:] else ''}."


def _arrow(mark: str, number: str | None) -> str:
    return f"{mark} {number}" if number else ""


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))


_AWARD: Final = ("number", "status", "ended", "issued_on", "completed_on", "expires_on", "last_valid_day", "days_left")
_LEARNER: Final = ("username", "first_name", "last_name")
_CERTIFICATION: Final = ("certification", "title")
_CHAIN: Final = ("basis.kind", "basis.code", "renews", "earlier_completed_on", "renewed_by", "renewed", "zone")

USERS: Final = Listing("awards", (*_LEARNER, *_CERTIFICATION, *_AWARD, *_CHAIN), users)
CERTIFICATIONS: Final = Listing("awards", (*_CERTIFICATION, *_LEARNER, *_AWARD, *_CHAIN), certifications)
AWARDED: Final = Listing("awards", (*_LEARNER, *_AWARD, "basis.kind", "basis.code", "zone"), awarded)
STATUSES: Final = Listing("statuses", ("number", "username", "certification", "status", "expires_at"), statuses)
