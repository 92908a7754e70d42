"""The phone in the terminal."""

from collections.abc import Callable, Iterable

import pytest

from simulator.terminal import RULES, box, dial
from tests.simulator.doubles import PHONE, SAFARICOM, Desk


class Terminal:
    """Somebody at a terminal: what they type, and what they saw."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.seen = ""

    def dial(self, typed: Iterable[str], *, code: str = "*191*9#", phone: str = PHONE, patience: float = 0) -> int:
        lines = iter(typed)

        def read(prompt: str) -> str:
            try:
                return next(lines)
            except StopIteration:
                raise EOFError from None

        write: Callable[[str], object] = self.write
        return dial(code, phone, SAFARICOM, self.desk.address, read=read, write=write, sms_patience=patience)

    def write(self, text: str) -> None:
        self.seen += f"{text}\n"


@pytest.fixture
def terminal(desk):
    return Terminal(desk)


def test_a_conversation_is_held_until_it_ends(terminal, zamu):
    zamu.screens |= {"": "CON Huduma\n1 Book", "1": "CON Where?", "1*": "END Booked"}
    assert terminal.dial(["1", ""]) == 0
    assert zamu.texts() == ["", "1", "1*"]
    assert terminal.seen.startswith(RULES)
    assert f"│ {'1 Book':<40} │" in terminal.seen
    assert "13 of 160 septets" in terminal.seen
    assert f"│ {'Booked':<40} │" in terminal.seen


def test_control_d_hangs_up(terminal, zamu):
    assert terminal.dial([]) == 0
    assert "You hung up." in terminal.seen
    assert zamu.wait_for("/ussd/events")[0].form["status"] == "Incomplete"


def test_a_broken_network_is_told_and_returned(terminal, zamu):
    zamu.other = "Oops"
    assert terminal.dial([]) == 1
    assert "Connection problem or invalid MMI code." in terminal.seen


def test_an_answer_that_is_too_long_can_be_typed_again(terminal, zamu):
    zamu.screens["1"] = "END Bye"
    assert terminal.dial(["x" * 81, "1"]) == 0
    assert "This network carries at most 80 characters; that was 81." in terminal.seen
    assert zamu.texts() == ["", "1"]


def test_a_session_that_timed_out_meanwhile_is_shown_as_that(terminal, zamu, clock):
    def slowly():
        clock.advance(31)
        yield "1"

    assert terminal.dial(slowly()) == 0
    assert "Your session has timed out." in terminal.seen
    assert zamu.texts() == [""]


def test_the_sms_that_came_with_the_session_are_shown_and_older_ones_are_not(terminal, zamu):
    sms = terminal.desk.sms()
    sms.send_to(PHONE, text="An old one")
    zamu.on_hop = lambda _: sms.send_to(PHONE, text="Booked: 8:00am")
    zamu.other = "END An SMS follows."
    assert terminal.dial([], patience=5) == 0
    assert "SMS from 22191: Booked: 8:00am" in terminal.seen
    assert "An old one" not in terminal.seen
    assert "No SMS yet" not in terminal.seen


def test_where_a_promised_sms_will_be_is_told(terminal, zamu):
    zamu.other = "END An SMS follows."
    assert terminal.dial([]) == 0
    assert terminal.seen.endswith(
        f"No SMS yet: when it comes, it is in the inbox of {PHONE} at {terminal.desk.address}.\n"
    )


@pytest.mark.parametrize("screen", ["CON 1 Send it by SMS", "END Goodbye"])
def test_nobody_waits_for_an_sms_that_is_not_promised(terminal, zamu, screen):
    zamu.other = screen
    assert terminal.dial([], patience=3600) == 0
    assert "No SMS yet" not in terminal.seen


@pytest.mark.parametrize(
    ("code", "phone", "sentence"),
    [("*191*9#", "911", "That is not a Kenyan mobile number"), ("call", PHONE, "A dial string holds digits")],
)
def test_what_the_simulator_refuses_is_told_in_its_words(terminal, code, phone, sentence):
    assert terminal.dial([], code=code, phone=phone) == 2
    assert sentence in terminal.seen


def test_a_simulator_that_is_not_there_is_told_in_one_sentence():
    terminal = Terminal(Desk("http://127.0.0.1:9"))
    assert terminal.dial([]) == 2
    assert terminal.seen == "The simulator at http://127.0.0.1:9 does not answer; is it running?\n"


def test_a_line_that_is_wrapped_goes_on_without_a_blank():
    shown = box({"text": f"{'x' * 40} on\n\n  2 off", "coding": "GSM-7", "septets": 54, "limit": 160})
    assert [line.strip("│").rstrip() for line in shown.split("\n")[1:5]] == [f" {'x' * 40}", " on", "", "   2 off"]


def test_a_screen_that_is_too_long_says_so():
    shown = box({"text": "ā" * 71, "coding": "UCS-2", "septets": 71, "limit": 70})
    assert "71 of 70 UCS-2 units TOO LONG" in shown
