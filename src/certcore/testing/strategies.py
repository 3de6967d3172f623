"""Hypothesis strategies for the values of the domain: everything valid, the awkward included."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from attrs import evolve
from hypothesis import strategies as st

from certcore.domain.awards import (
    MANUAL,
    Award,
    Basis,
    BasisKind,
    Details,
    Ending,
    EndReason,
    Link,
    Period,
    typed_period,
)
from certcore.domain.certifications import Certification
from certcore.domain.decisions import Outcome
from certcore.domain.external import Claim, Document, Equated, ExternalCertificate, ExternalState, Review
from certcore.domain.files import WARNINGS, Finding, digest_of
from certcore.domain.people import Person
from certcore.domain.policy import RenewalPolicy
from certcore.domain.reasons import Reason
from certcore.domain.time import existing_day, start_of_day
from certcore.testing.builders import make_award, make_certification, make_external, new_id, number_of

ZONES: Final = ("UTC", "Europe/Rome", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "America/Havana", "-04:00")
"""Zones with gaps and folds at midnight, a skipped day, odd offsets, and none."""

zones = st.sampled_from(ZONES)
civil_dates = st.dates(date(1950, 1, 1), date(2150, 12, 31)) | st.just(date(9999, 12, 31))
instants = st.datetimes(datetime(1950, 1, 1), datetime(2150, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
amounts = st.decimals(0, 99_999, places=2)


def texts(longest: int = 60) -> st.SearchStrategy[str]:
    """One line of text that every storage keeps: any script, no controls, not blank."""
    characters = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
    return st.text(characters, min_size=1, max_size=longest).filter(lambda text: not text.isspace())


people = st.builds(
    Person,
    id=texts(64),
    username=texts(255),
    first_name=texts(),
    last_name=texts(),
    zone=st.none() | zones,
    active=st.booleans(),
)

details = st.builds(
    Details,
    score=st.none() | amounts,
    completed_on=st.none() | civil_dates,
    credits=st.none() | amounts,
    note=st.none() | texts(2_000),
)

bases = st.one_of(
    st.just(MANUAL),
    st.builds(
        Basis,
        st.sampled_from([BasisKind.COURSE, BasisKind.LEARNING_PLAN, BasisKind.EXTERNAL_ACTIVITY]),
        texts(),
    ),
    st.builds(
        Basis,
        st.just(BasisKind.EXTERNAL_CERTIFICATION),
        links=st.lists(
            st.builds(Link, texts(), texts().map(lambda path: f"https://example.org/{path}")), min_size=1, max_size=3
        ).map(tuple),
    ),
)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """Any period: always valid or not, with or without a window before and a grace after its expiry."""
    zone = draw(zones)
    issued_on = existing_day(draw(st.dates(date(1950, 1, 1), date(2150, 1, 1))), zone)
    days = draw(st.none() | st.integers(1, 4_000))
    if days is None:
        return typed_period(RenewalPolicy(), issued_on, zone, None)
    expires_on = existing_day(issued_on + timedelta(days), zone)
    period = typed_period(RenewalPolicy(), issued_on, zone, expires_on)
    if draw(st.booleans()):
        expiring_on = existing_day(expires_on - timedelta(draw(st.integers(1, 400))), zone)
        period = evolve(period, expiring_on=expiring_on, expiring_at=start_of_day(expiring_on, zone))
    grace_ends_on = existing_day(expires_on + timedelta(draw(st.just(0) | st.integers(1, 400))), zone)
    return evolve(period, grace_ends_at=start_of_day(grace_ends_on, zone))


@st.composite
def awards(draw: st.DrawFn, certification: Certification | None = None) -> Award:
    """An award of the certification to a learner of its own: live, renewed, unassigned or revoked."""
    period = draw(periods())
    reason = draw(st.none() | st.sampled_from(EndReason))
    return make_award(
        certification,
        learner_name=draw(texts()),
        period=period,
        basis=draw(bases),
        details=draw(details),
        ending=None if reason is None else Ending(reason, draw(instants)),
    )


@st.composite
def certifications(draw: st.DrawFn) -> Certification:
    """A certification with the default policy."""
    return make_certification(
        name=draw(texts(255)),
        code=draw(st.none() | texts(200).map(lambda text: f"{text}-{new_id()}")),
        description=draw(st.just("") | texts(2_000)),
        allow_retake=draw(st.booleans()),
        credits=draw(st.none() | amounts),
        retired=draw(st.booleans()),
    )


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """What a certificate may say: with or without an expiry, credits and an equivalence."""
    zone = draw(zones)
    delivered_on = existing_day(draw(st.dates(date(1950, 1, 1), date(2150, 1, 1))), zone)
    days = draw(st.none() | st.integers(0, 40_000))
    return Claim(
        draw(texts(255).map(str.strip).filter(bool)),
        delivered_on,
        zone,
        None if days is None else delivered_on + timedelta(days),
        draw(st.none() | amounts),
        draw(st.none() | st.integers(0, 2**62 - 1)),
    )


documents = st.builds(
    Document,
    st.binary(max_size=8).map(digest_of),
    st.integers(0, 2**31),
    texts(255),
    st.lists(st.sampled_from(sorted(WARNINGS)).map(Finding), max_size=3).map(tuple),
)

equations = st.builds(
    Equated,
    st.sampled_from(Outcome),
    st.none() | st.integers(0, 10_000).map(number_of),
    st.none() | st.integers(0, 2**62 - 1),
    st.lists(st.sampled_from(["never_expires", "certification_retired"]).map(Reason), max_size=2).map(tuple),
)


@st.composite
def externals(draw: st.DrawFn) -> ExternalCertificate:
    """An external certificate in any state, corrected and reviewed or not."""
    return make_external(
        learner_id=draw(texts(64)),
        uploaded_by=draw(texts(64)),
        claim=draw(claims()),
        document=draw(documents),
        state=draw(st.sampled_from(ExternalState)),
        submitted_at=draw(instants),
        submitted=draw(st.none() | claims()),
        review=draw(st.none() | st.builds(Review, texts(64), instants, st.none() | texts(2_000))),
        equated=draw(st.none() | equations),
    )
