"""What citizens write, and what it is taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.keywords import MOST_CHARACTERS, Understood, understand
from sms.words import EXACT, MISTYPED, ORDINARY, Kind

N = "48217092"

TABLE = [
    # STATUS, with and without the number and the proof
    ("STATUS", "status en"),
    ("status", "status en"),
    ("Hali", "status sw"),
    ("STATUS 48217092", f"status en {N}"),
    ("STATUS 4821 7092", f"status en {N}"),
    ("STATUS:4821-7092.", f"status en {N}"),
    ("STATUS4821-7092", f"status en {N}"),
    ("status#48217092", f"status en {N}"),
    ("Status 4821.7092", f"status en {N}"),
    ("STATUS 48 21 70 92", f"status en {N}"),
    ("HALI 4821 7092 678", f"status sw {N} 678"),
    ("HALI 48217092 678", f"status sw {N} 678"),
    ("HALI 48217092678", f"status sw {N} 678"),
    ("HALI 482170921990", f"status sw {N} 1990"),
    ("hali 4821 7092 1990", f"status sw {N} 1990"),
    ("Hali 678 4821 7092", f"status sw {N} 678"),
    ("STATUS 48217092 ID 678", f"status en {N} 678"),
    ("STATUS 48217092 ID No. 12345678", f"status en {N} 678"),
    ("STATUS 4821 7O92", f"status en {N}"),
    ("STATUS 482l7o92", f"status en {N}"),
    ("STATUS 482I7O92", f"status en {N}"),
    ("hali4821 7092", f"status sw {N}"),
    ("Tafadhali HALI 4821-7092 678", f"status sw {N} 678"),
    ("Naomba kujua hali ya kitambulisho changu namba 4821 7092", f"status sw {N}"),
    ("Please can I get the status of my ID, number 48217092, thanks", f"status en {N}"),
    ("What is the status of my passport", "status en"),
    ("STAUS 48217092", f"status en {N}"),
    ("STATSU 48217092", f"status en {N}"),
    ("Sttaus 48217092", f"status en {N}"),
    ("STATUSS 48217092", f"status en {N}"),
    ("stats 48217092", f"status en {N}"),
    ("HAIL 48217092", f"status sw {N}"),
    ("Hallii 48217092", f"status sw {N}"),
    ("📄 status 48217092 🙏", f"status en {N}"),
    ("ＳＴＡＴＵＳ ４８２１７０９２", f"status en {N}"),
    ("STATUS 4821709", "status en 4821709"),
    ("STATUS 48217097", "status en 48217097"),
    ("STATUS 482170921", "status en 482170921"),
    ("STATUS 0712345678", "status en 0712345678"),
    ("STATUS 12", "status en"),
    ("track 48217092", f"status en {N}"),
    ("hati yangu iko wapi", "status -"),
    ("Is my ID ready?", "status -"),
    ("kitambulisho changu tayari?", "status -"),
    ("where is my document", "status -"),
    # a number alone
    ("48217092", f"number - {N}"),
    ("4821 7092", f"number - {N}"),
    ("4821-7092", f"number - {N}"),
    ("4821 - 7092", f"number - {N}"),
    ("4821.7092", f"number - {N}"),
    (" 4821  7092. ", f"number - {N}"),
    ("(4821 7092)", f"number - {N}"),
    ("No. 4821 7092", f"number - {N}"),
    ("Number 48217092", f"number - {N}"),
    ("Ref:48217092", f"number - {N}"),
    ("namba 48217092 678", f"number - {N} 678"),
    ("48217092 678", f"number - {N} 678"),
    ("482170g6", "number - 4821706"),
    ("4821709", "number - 4821709"),
    ("48217097", "number - 48217097"),
    ("0712345678", "number - 0712345678"),
    ("12345678 48217092", f"number - {N} 678"),
    ("my number is 4821 7092 please", f"number - {N}"),
    # YES
    ("YES", "yes en"),
    ("yes", "yes en"),
    ("Yes.", "yes en"),
    ("YES!!!", "yes en"),
    ("yesss", "yes en"),
    ("Yse", "yes en"),
    ("Y", "yes en"),
    ("yeah", "yes en"),
    ("yes please", "yes en"),
    ("Yes, thank you", "yes en"),
    ("yes I will come", "yes en"),
    ("YES 4821 7092", f"yes en {N}"),
    ('"YES"', "yes en"),
    ("NDIYO", "yes sw"),
    ("Ndio", "yes sw"),
    ("ndyo", "yes sw"),
    ("Ndijo", "yes sw"),
    ("ndiyo nitakuja", "yes sw"),
    ("Ndiyo, asante sana", "yes sw"),
    ("naam", "yes sw"),
    ("sawa", "yes -"),
    ("OK", "yes -"),
    ("okay thanks", "yes -"),
    ("yes 😊", "yes en"),
    ("yes but which documents should i carry", "status -"),
    ("yes or no", "nothing"),
    ("yesterday I came", "nothing"),
    # NO
    ("NO", "no en"),
    ("no", "no en"),
    ("No.", "no en"),
    ("Noooo", "no en"),
    ("no thanks", "no en"),
    ("No I can't come", "no en"),
    ("nope", "no en"),
    ("HAPANA", "no sw"),
    ("hapana asante", "no sw"),
    ("Hapna", "no sw"),
    ("Hapana siwezi kuja", "no sw"),
    ("sitakuja", "no sw"),
    ("HAPANA 48217092", f"no sw {N}"),
    ("NOW", "nothing"),
    ("not", "nothing"),
    ("know", "nothing"),
    ("No I will come", "nothing"),
    ("No appointment", "book en"),
    ("No I have not received anything", "nothing"),
    ("No, move me to another day", "move en"),
    # CANCEL is strict
    ("CANCEL 48217092", f"cancel en {N}"),
    ("cancel 4821 7092", f"cancel en {N}"),
    ("Cancel my booking 4821-7092 please", f"cancel en {N}"),
    ("I want to cancel 48217092", f"cancel en {N}"),
    ("FUTA 48217092", f"cancel sw {N}"),
    ("Tafadhali futa miadi yangu 4821 7092", f"cancel sw {N}"),
    ("naomba kufuta miadi", "cancel sw"),
    ("CANCEL", "cancel en"),
    ("cancel booking", "cancel en"),
    ("futa", "cancel sw"),
    ("CANCEL 48217097", "cancel en 48217097"),
    ("CANCLE 48217092", f"cancel_doubtful en {N}"),
    ("cansel 4821 7092", f"cancel_doubtful en {N}"),
    ("cancelled 48217092", f"cancel_doubtful en {N}"),
    ("fute 48217092", f"cancel_doubtful sw {N}"),
    ("don't cancel 48217092", f"cancel_doubtful en {N}"),
    ("Please don’t cancel", "cancel_doubtful en"),
    ("was my booking cancelled? 4821 7092", f"cancel_doubtful en {N}"),
    ("NO CANCEL", "cancel_doubtful en"),
    ("cancel 48217092 48217096", f"cancel_doubtful en {N}"),
    ("cancel 1", "cancel_doubtful en"),
    ("cancel if the centre is closed 48217092", f"cancel_doubtful en {N}"),
    ("chancellor", "nothing"),
    ("fuata", "nothing"),
    # MOVE
    ("MOVE 48217092", f"move en {N}"),
    ("move my booking 4821 7092 to friday", f"move en {N}"),
    ("HAMISHA 48217092", f"move sw {N}"),
    ("hamsha 48217092", f"move sw {N}"),
    ("Naomba kuhamisha miadi 48217092", f"move sw {N}"),
    ("reschedule", "move en"),
    ("MOV 48217092", f"number - {N}"),
    ("mvoe 48217092", f"move en {N}"),
    ("more", "nothing"),
    ("love", "nothing"),
    # an answer
    ("1", "choice - 1"),
    ("2.", "choice - 2"),
    (" 3 ", "choice - 3"),
    ("(2)", "choice - 2"),
    ("No. 1", "choice - 1"),
    ("namba 2", "choice - 2"),
    ("option 3", "choice - 3"),
    ("nachagua 1", "choice - 1"),
    ("2️⃣", "choice - 2"),
    ("moja", "choice - 1"),
    ("two", "choice - 2"),
    ("yes 2", "choice - 2"),
    ("the 2nd", "choice - 2"),
    ("4", "nothing"),
    ("0", "nothing"),
    ("12", "nothing"),
    ("1 2", "nothing"),
    ("2 people", "nothing"),
    # BOOK, HELP
    ("BOOK", "book en"),
    ("MIADI", "book sw"),
    ("boook", "book en"),
    ("I want to book an appointment", "book en"),
    ("miadi ya passport", "book sw"),
    ("look", "nothing"),
    ("HELP", "help en"),
    ("hlep", "help en"),
    ("MSAADA", "help sw"),
    ("msada", "help sw"),
    ("help me book", "book en"),
    ("hela", "nothing"),
    # LANGUAGE
    ("LANGUAGE", "language en"),
    ("LUGHA", "language sw"),
    ("LANGUAGE ENGLISH", "language en en"),
    ("LANGUAGE KISWAHILI", "language sw sw"),
    ("lugha ya kiingereza", "language en en"),
    ("Lugha Kiswahili tafadhali", "language sw sw"),
    ("langauge swahili", "language sw sw"),
    ("English please", "language en en"),
    ("kiswahili", "language sw sw"),
    # STOP is generous
    ("STOP", "stop en"),
    ("Stop.", "stop en"),
    ("STOPP", "stop en"),
    ("stoooop", "stop en"),
    ("sotp", "stop en"),
    ("stpo", "stop en"),
    ("dtop", "stop en"),
    ("stop sending me messages please", "stop en"),
    ("Please stop", "stop en"),
    ("hey stop this", "stop en"),
    ("STOP ALL", "stop en"),
    ("no stop", "stop en"),
    ("STOP 48217092", "stop en"),
    ("unsubscribe", "stop en"),
    ("unsuscribe", "stop en"),
    ("ACHA", "stop sw"),
    ("acha kunitumia sms", "stop sw"),
    ("Achaa", "stop sw"),
    ("wacha", "stop sw"),
    ("tafadhali acheni", "stop sw"),
    ("usinitumie ujumbe", "stop sw"),
    ("SHOP", "nothing"),
    ("step", "nothing"),
    ("Asha", "nothing"),
    ("which bus stop is near the GPO centre in town", "nothing"),
    ("do not stop", "nothing"),
    ("stop sms but status 48217092", f"status en {N}"),
    # START
    ("START", "start en"),
    ("strat", "start en"),
    ("ANZA", "start sw"),
    ("Anza tena", "start sw"),
    ("subscribe", "start en"),
    ("smart", "nothing"),
    ("start date of the new passports at all the centres", "nothing"),
    # nothing
    ("", "nothing"),
    ("   ", "nothing"),
    ("?", "nothing"),
    ("🙏🙏", "nothing"),
    ("Hi", "nothing"),
    ("Asante sana", "nothing"),
    ("Niko njiani", "nothing"),
    ("مرحبا", "nothing"),
    ("Call me", "nothing"),
    ("http://example.com/x?y=1", "nothing"),
]


def read(expected: str) -> Understood:
    kind, language, *arguments = [*expected.split(), "-"][:2] + expected.split()[2:]
    return Understood(Kind(kind), None if language == "-" else language, tuple(arguments))


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=[text for text, _ in TABLE])
def test_a_message_is_taken_for_what_it_says(text, expected):
    assert understand(text) == read(expected)


def test_the_table_is_long_and_says_nothing_twice():
    assert len(TABLE) > 150
    assert len({text for text, _ in TABLE}) == len(TABLE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HUDUMA YES", "yes en"),
        ("huduma ndiyo", "yes sw"),
        ("Huduma, STATUS 48217092", f"status en {N}"),
        ("HUDUMA#CANCEL 48217092", f"cancel en {N}"),
        ("HUDUMA: 2", "choice - 2"),
        ("huduma huduma stop", "stop en"),
        ("HUDUMA 4821 7092", f"number - {N}"),
        ("HUDUMA", "nothing"),
        ("YES", "yes en"),
        ("H2O HALI", "status sw"),
        ("HUDUMAYES", "nothing"),
    ],
)
def test_the_short_codes_keyword_in_front_is_no_part_of_the_message(text, expected):
    assert understand(text, own_keywords=["HUDUMA", "H2O"]) == read(expected)


@pytest.mark.parametrize("word", [word for word in EXACT if word not in {"booking"}])
def test_every_word_is_taken_for_itself(word):
    assert understand(word).kind in {EXACT[word].kind, Kind.NOTHING}
    assert understand(word).kind is not Kind.NOTHING
    assert understand(f"  {word.upper()}!! ").kind is understand(word).kind


@pytest.mark.parametrize("word", sorted(ORDINARY - set(EXACT)))
def test_an_ordinary_word_is_never_taken_for_a_keyword(word):
    assert understand(word).kind in {Kind.NOTHING, Kind.STATUS if word in {"hati"} else Kind.NOTHING}


@pytest.mark.parametrize("word", [w for w in MISTYPED if len(w.text) >= 5], ids=lambda w: w.text)
def test_two_letters_that_changed_places_are_forgiven(word):
    for nth in range(len(word.text) - 1):
        swapped = word.text[:nth] + word.text[nth + 1] + word.text[nth] + word.text[nth + 2 :]
        kind = understand(swapped).kind
        doubtful = {Kind.CANCEL: {Kind.CANCEL_DOUBTFUL}}.get(word.kind, {word.kind})
        assert swapped == word.text or kind in doubtful, swapped


def test_a_mistyped_cancel_never_cancels():
    for word in (w for w in MISTYPED if w.kind is Kind.CANCEL):
        for nth in range(len(word.text)):
            for letter in "aeiouknx":
                mistyped = word.text[:nth] + letter + word.text[nth + 1 :]
                if mistyped not in EXACT:
                    assert understand(f"{mistyped} {N}").kind is not Kind.CANCEL, mistyped


def test_a_very_long_text_is_read_at_its_beginning():
    assert understand("STATUS 48217092 " + "bla " * 5000) == read(f"status en {N}")
    assert understand("a" * 100_000) == read("nothing")
    assert understand("bla " * MOST_CHARACTERS + "STOP").kind is Kind.NOTHING
    assert understand("1 " * 5000).kind is not Kind.CHOICE


WORDS = st.sampled_from(
    [*EXACT, *sorted(ORDINARY), "48217092", "4821", "7O92", "678", "1", "please", "HUDUMA", "🙂", "."]
)


@given(
    st.one_of(
        st.text(max_size=300),
        st.lists(WORDS, max_size=12).map(" ".join),
        st.binary().map(lambda b: b.decode("latin-1")),
    )
)
def test_nothing_that_can_be_written_raises(text):
    found = understand(text, own_keywords=["HUDUMA"])
    assert isinstance(found.kind, Kind)
    assert all(isinstance(argument, str) for argument in found.arguments)
    assert found.kind is not Kind.CHOICE or found.arguments[0] in {"1", "2", "3"}
    assert found.kind is not Kind.LANGUAGE or set(found.arguments) <= {"en", "sw"}
