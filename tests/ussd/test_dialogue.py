"""What is kept of a call comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd.dialogue import Dialogue, Journey, Shown
from ussd.replies import Target

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=20),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values, max_size=3),
    max_leaves=8,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TARGETS = st.builds(Target, TEXT, st.dictionaries(TEXT, JSON, max_size=3))
SHOWN = st.builds(
    Shown,
    title=TEXT,
    lines=st.lists(TEXT, max_size=4),
    keys=st.dictionaries(TEXT, TARGETS, max_size=4),
    visible=st.lists(TEXT, max_size=4),
    typed=st.none() | TARGETS,
    question=st.booleans(),
    back=st.booleans(),
    page=st.integers(0, 9),
    cut=st.booleans(),
)
DIALOGUES = st.builds(
    Dialogue,
    language=st.sampled_from(["en", "sw"]),
    stack=st.lists(TARGETS, max_size=4),
    shown=st.none() | SHOWN,
    wrong=st.integers(0, 3),
    in_journey=st.booleans(),
    answers=st.lists(TEXT, max_size=5).map(tuple),
    reply=TEXT,
    turn=st.integers(0, 1000),
)


@given(DIALOGUES)
def test_a_dialogue_comes_back_as_it_was(dialogue: Dialogue) -> None:
    assert Dialogue.loads(dialogue.dumps()) == dialogue


@given(st.builds(Journey, language=TEXT, stack=st.lists(TARGETS, max_size=4), about=TEXT))
def test_a_journey_comes_back_as_it_was(journey: Journey) -> None:
    assert Journey.loads(journey.dumps()) == journey


@pytest.mark.parametrize("written", [b"", b"{}", b"[]", b"not json", b'{"language":"en"}', b'{"shown":{"new":1}}'])
def test_what_another_version_wrote_is_told_by_its_error(written: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Dialogue.loads(written)
    with pytest.raises((ValueError, KeyError, TypeError)):
        Journey.loads(written)
