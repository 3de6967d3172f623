"""What history says is canonical JSON: one spelling for one meaning, so that its hashes can be made again."""

import json

from hypothesis import given
from hypothesis import strategies as st

from certcore.domain.awards import Award
from certcore.domain.facts import before_of, written_terms
from certcore.domain.history import canonical, personal
from certcore.testing.strategies import awards


@given(awards())
def test_written_terms_are_canonical_and_read_back_equal(award: Award) -> None:
    """R-64: everything but the note."""
    text = written_terms(award.period, award.basis, award.details, award.edition)
    assert canonical(json.loads(text)) == text
    period, basis, details = before_of(f'{{"before":{text}}}')
    assert (period, basis) == (award.period, award.basis)
    told, kept = details, award.details
    assert (told.score, told.completed_on, told.credits) == (kept.score, kept.completed_on, kept.credits)


@given(st.text(min_size=1), st.lists(st.tuples(st.text(min_size=1), st.none() | st.text())))
def test_the_personal_part_is_canonical(actor: str, learners: list[tuple[str, str | None]]) -> None:
    """R-62, R-64: the actor, the learner and the note, if there is one."""
    for text, (learner, note) in zip(personal(actor, learners), learners, strict=True):
        noted = {} if note is None else {"note": note}
        assert text == canonical({"actor": actor, "learner": learner, **noted})
