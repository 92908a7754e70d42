"""Every page fits, nothing is lost, and the order is kept: whatever the text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.gsm7 import BASIC, EXTENSION, septets
from core.wording import speaking
from ussd.dialogue import Shown
from ussd.machine import page_count, page_text
from ussd.pages import fits, split, with_keys

GSM = "".join(sorted((BASIC | EXTENSION) - set("\n\r\f")))
WORDS = st.text(st.sampled_from(GSM + "     "), min_size=1, max_size=400)
ANY_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200)
LABELS = st.lists(st.text(st.sampled_from("abcdefghij KLM"), min_size=1, max_size=30), max_size=30)


def paginate(title: str, lines: list[str], *, back: bool) -> list[str]:
    """The pages of a screen with their keys, as the machine shows them one by one."""
    *others, last = split(title, lines, back=back)
    return [*(with_keys(page, more=True, back=back) for page in others), with_keys(last, more=False, back=back)]


def numbered(labels: list[str]) -> list[str]:
    return [f"{number} {label}" for number, label in enumerate(labels, start=1)]


def without_keys(page: str) -> list[str]:
    """What a page says, without the keys to move with."""
    return [line for line in page.split("\n") if line not in ("0 Back", "98 More")]


@pytest.mark.parametrize("text", ["a" * 160, "é" * 160, "€" * 80, "中" * 70, "😀" * 35, "a" * 69 + "中"])
def test_what_a_screen_just_holds(text: str) -> None:
    assert fits(text)
    assert not fits(text + "x")


@given(title=WORDS | ANY_WORDS, labels=LABELS, back=st.booleans())
@example(title="Short", labels=["x" * 300], back=True)
@example(title="x" * 300, labels=[], back=False)
@example(title="Fifty septets of title, which are told on each page", labels=["中" * 200], back=True)
@example(title="a" * 50, labels=["😀" * 50, "b"], back=True)
def test_every_page_fits(title: str, labels: list[str], back: bool) -> None:
    for language in ("en", "sw"):
        with speaking(language):
            for page in paginate(title, numbered(labels), back=back):
                assert fits(page), page
                assert page


@given(title=WORDS | ANY_WORDS, labels=LABELS)
def test_nothing_is_lost_and_the_order_is_kept(title: str, labels: list[str]) -> None:
    """A short title is repeated on every page; everything else is told once."""
    lines = numbered(labels)
    pages = paginate(title, lines, back=True)
    said = [line for nth, page in enumerate(pages) for line in without_keys(page)[nth > 0 and _repeats(pages, title) :]]
    assert _letters("".join(said)) == _letters(title + "".join(lines))


@given(labels=LABELS)
def test_an_option_is_never_broken(labels: list[str]) -> None:
    lines = numbered(labels)
    pages = paginate("Choose", lines, back=True)
    assert [line for page in pages for line in without_keys(page) if line != "Choose"] == lines


@given(title=WORDS, labels=LABELS)
def test_only_the_last_page_has_no_more(title: str, labels: list[str]) -> None:
    *others, last = paginate(title, numbered(labels), back=True)
    assert all("\n98 More\n0 Back" in page for page in others)
    assert "98 More" not in last.split("\n")
    assert last.endswith("0 Back")


def test_one_page_is_one_page() -> None:
    assert paginate("Which day?", ["1 Mon", "2 Tue"], back=True) == ["Which day?\n1 Mon\n2 Tue\n0 Back"]
    assert paginate("Home", ["1 Book"], back=False) == ["Home\n1 Book"]


def test_running_text_breaks_between_words_and_not_to_save_a_few() -> None:
    words = " ".join(["fourteen"] * 30)
    pages = paginate(words, [], back=True)
    assert all(set(" ".join(without_keys(page)).split()) == {"fourteen"} for page in pages)
    assert sum(page.count("fourteen") for page in pages) == 30
    after_much = paginate(
        "x" * 110 + "\nA line that does not fit on the rest of this page any more, not at all", [], back=True
    )
    assert after_much[1].startswith("A line that")


def test_one_character_outside_the_alphabet_shortens_the_page() -> None:
    assert len(paginate("a" * 100, [], back=False)) == 1
    assert len(paginate("a" * 50 + " 中 " + "a" * 50, [], back=False)) > 1


@given(title=WORDS, labels=LABELS, notice=st.text(st.sampled_from("abcd "), min_size=1, max_size=120).map(str.strip))
def test_a_notice_stands_on_whatever_page_it_is_about(title: str, labels: list[str], notice: str) -> None:
    shown = Shown(title, numbered(labels), {}, [], None, question=False, back=True)
    for number in range(page_count(shown)):
        shown.page = number
        page, noticed = page_text(shown), page_text(shown, notice)
        assert fits(noticed)
        assert _letters(noticed).startswith(_letters(notice))
        if not labels and len(title) > 80:
            assert title[:8].strip() in noticed
        if not shown.cut:
            assert set(without_keys(noticed)) >= set(without_keys(page)) - set(title.split("\n"))
        else:
            assert "98 More" in noticed


@given(title=WORDS.filter(lambda text: len(text) < 80), labels=st.lists(st.just("I do not know it"), max_size=2))
def test_a_question_is_never_given_pages_by_a_notice(title: str, labels: list[str]) -> None:
    """98 would be taken for its answer."""
    shown = Shown(title, numbered(labels), {}, [], None, question=True, back=True)
    noticed = page_text(shown, "An ID number has 6 to 9 digits.")
    assert fits(noticed)
    assert "98 More" not in noticed


def _repeats(pages: list[str], title: str) -> bool:
    return 0 < (septets(title) or 1000) <= 50 and all(page.startswith(title) for page in pages)


def _letters(text: str) -> str:
    return "".join(text.split())
