"""The tree of errors is what its docstring draws, and every error speaks a sentence."""

import pickle
import re
from collections import Counter
from collections.abc import Iterator
from typing import cast

import attrs
import pytest
from attrs import AttrsInstance

from certcore import errors
from certcore.errors import CertcoreError

# Not by __subclasses__(): attrs makes each class twice, for its slots, and the first lives on until it is collected.
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CertcoreError)]


def tree(root: type[CertcoreError], depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, root.__name__
    for kind in KINDS:
        if kind.__base__ is root:
            yield from tree(kind, depth + 1)


LEAVES = [kind for kind in KINDS if attrs.has(kind)]


def sample(kind: type[CertcoreError]) -> CertcoreError:
    fields = {
        field.name: 3 if field.type is int else "name" for field in attrs.fields(cast("type[AttrsInstance]", kind))
    }
    if "problem" in fields:
        fields["problem"] = "it is empty; write something."
    return kind(**fields)


def test_the_docstring_draws_the_tree() -> None:
    drawn = re.findall(r"^    ([│├└─ ]*)(\w+)", errors.__doc__ or "", re.MULTILINE)
    assert [(len(branch) // 4, name) for branch, name in drawn] == list(tree(CertcoreError))


def test_codes_are_unique_and_written_like_codes() -> None:
    codes = Counter(kind.code for kind in KINDS)
    assert [code for code, times in codes.items() if times > 1] == []
    assert [code for code in codes if not re.fullmatch("[a-z]+(_[a-z]+)*", code)] == []


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_error_says_in_a_sentence_what_is_wrong_and_how_to_mend_it(kind: type[CertcoreError]) -> None:
    text = str(sample(kind))
    assert text.endswith(".")
    assert len(text.split()) > 5
    assert re.search("[;:(]", text), "what is wrong, then how to mend it"
    assert "\n" not in text


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_error_keeps_its_data_between_processes(kind: type[CertcoreError]) -> None:
    error = sample(kind)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error)


@pytest.mark.parametrize("value", ["x" * 10_000_000, b"\0" * 10_000_000, list(range(1000)), "a\nb\x1b[31m"])
def test_a_hostile_value_is_shown_short_and_escaped(value: object) -> None:
    text = str(errors.InvalidValue("field", value, "something short"))
    assert len(text) < 200
    assert text.isprintable()


def test_a_bare_error_still_says_something() -> None:
    assert str(errors.Refused()) == "refused"
    assert str(errors.StorageError("the disk is full.")) == "the disk is full."
