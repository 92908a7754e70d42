"""The dialogue itself: an answer resolves against what was shown, a screen runs, the next one is shown.

It opens no connection and knows no gateway. Where the caller stands is a
`Dialogue`; what there is to say is in the registered screens.
"""

import contextlib
from dataclasses import dataclass

from core import wording
from core.wording import gettext as _
from ussd.dialogue import Dialogue, Journey, Shown
from ussd.pages import BACK, HOME, MORE, split, with_keys, with_notice
from ussd.replies import Again, Ask, End, Go, Menu, Option, Reply, Target, screen_name
from ussd.screens import SCREENS, run
from ussd.turn import NotNow, Turn

MOST_WRONG = 3
MOST_ANSWER = 90
"""Characters; no network lets more through (Airtel: 90)."""
LONG_NUMBER = 3
"""Digits from which a number on a menu is something typed, such as a tracking number, and no choice."""
RESUME_KEY = "1"
_RESUME, _RESTART = "machine.resume", "machine.restart"


@dataclass(slots=True)
class Outcome:
    """What a turn did to the journey kept by phone: a new one, none any more (`forget`), or as it was."""

    journey: Journey | None = None
    forget: bool = False


class Machine:
    def __init__(self, home: Target) -> None:
        self._home = home

    def begin(self, turn: Turn, dialogue: Dialogue, journey: Journey | None) -> Outcome:
        """The first screen of a call: home, or an offer to continue what a dropped call left."""
        if journey and all(frame.screen in SCREENS for frame in journey.stack):
            turn.speak(journey.language)
            self._offer(dialogue, journey)
            return self._done(dialogue, Outcome())
        return self._enter(turn, dialogue, self._home)

    def answer(self, turn: Turn, dialogue: Dialogue, text: str) -> Outcome:
        """Carry out one answer."""
        shown = dialogue.shown
        assert shown is not None, "a call that has ended takes no answer"
        text = text.strip()[:MOST_ANSWER]
        if text == HOME and len(dialogue.stack) > 1:
            return self._back(turn, dialogue, 1)
        if text == BACK and shown.back:
            if shown.page and not shown.question:
                return self._page(dialogue, shown.page - 1)
            return self._back(turn, dialogue, len(dialogue.stack) - 1)
        if text == MORE and not shown.question:
            if shown.cut:
                return self._page(dialogue, shown.page)
            if shown.page + 1 < page_count(shown):
                return self._page(dialogue, shown.page + 1)
            return self._wrong(dialogue, _("That was the last page."))
        return self._resolve(turn, dialogue, shown, text)

    def _resolve(self, turn: Turn, dialogue: Dialogue, shown: Shown, text: str) -> Outcome:
        """What the answer meant on the screen that was shown."""
        chosen = shown.keys.get(text) or shown.keys.get(text.lstrip("0") if text.isdecimal() else "")
        if chosen is None and shown.typed is not None:
            if shown.question:
                chosen = Target(shown.typed.screen, shown.typed.args | {"answer": text})
            elif text and not (text.isdecimal() and len(text) < LONG_NUMBER):
                chosen = Target(shown.typed.screen, shown.typed.args | {"typed": text})
        if chosen is None:
            return self._wrong(dialogue, valid_answers(shown))
        if chosen.screen == _RESUME:
            return self._resume(turn, dialogue, _offered_journey(chosen))
        if chosen.screen == _RESTART:
            _leave(turn, _offered_journey(shown.keys[RESUME_KEY]).stack, [])
            outcome = self._enter(turn, dialogue, self._home)
            outcome.forget = True
            return outcome
        return self._enter(turn, dialogue, chosen)

    def _enter(self, turn: Turn, dialogue: Dialogue, where: Target, notice: str = "") -> Outcome:
        """Run a screen, follow where it leads, and show what comes of it."""
        try:
            reply, where, notice = _follow(turn, where, notice)
        except NotNow:
            return self._show_again(dialogue, "")
        if isinstance(reply, Again):
            return self._wrong(dialogue, reply.notice)
        if isinstance(reply, End):
            if not turn.finished:
                _leave(turn, dialogue.stack, [])
            dialogue.shown = None
            dialogue.reply = f"END {reply.text}"
            return self._done(dialogue, Outcome(forget=dialogue.in_journey))
        before = dialogue.stack
        dialogue.stack = [*_up_to(before, where.screen), where]
        _leave(turn, before, dialogue.stack)
        return self._show(dialogue, reply, notice)

    def _show(self, dialogue: Dialogue, reply: Menu | Ask, notice: str) -> Outcome:
        dialogue.shown = shown_for(reply, back=len(dialogue.stack) > 1)
        dialogue.wrong = 0
        dialogue.reply = f"CON {page_text(dialogue.shown, notice)}"
        outcome = Outcome()
        if reply.unfinished:
            dialogue.in_journey = True
            outcome.journey = Journey(wording.language(), list(dialogue.stack), reply.unfinished)
        elif len(dialogue.stack) == 1:
            outcome.forget, dialogue.in_journey = dialogue.in_journey, False
        return self._done(dialogue, outcome)

    def _page(self, dialogue: Dialogue, page: int) -> Outcome:
        assert dialogue.shown is not None
        dialogue.shown.page = page
        dialogue.wrong = 0
        return self._show_again(dialogue, "")

    def _wrong(self, dialogue: Dialogue, notice: str) -> Outcome:
        """Tell what is valid; the third time in a row, end kindly. The journey is kept: the next call can go on."""
        dialogue.wrong += 1
        if dialogue.wrong < MOST_WRONG:
            return self._show_again(dialogue, notice)
        dialogue.shown = None
        dialogue.reply = "END " + _(
            "Sorry, we could not understand. Take your time and dial again, or ask at any Huduma Centre. It is free."
        )
        return self._done(dialogue, Outcome())

    def _show_again(self, dialogue: Dialogue, notice: str) -> Outcome:
        assert dialogue.shown is not None
        dialogue.reply = f"CON {page_text(dialogue.shown, notice)}"
        return self._done(dialogue, Outcome())

    def _back(self, turn: Turn, dialogue: Dialogue, depth: int) -> Outcome:
        """Show again the screen at this depth of the stack (1 is home), run anew: lists may have changed."""
        where = dialogue.stack[depth - 1]
        _leave(turn, dialogue.stack, dialogue.stack[:depth])
        dialogue.stack = dialogue.stack[: depth - 1]
        return self._enter(turn, dialogue, where)

    def _offer(self, dialogue: Dialogue, journey: Journey) -> None:
        resume = {"language": journey.language, "stack": journey.stack, "about": journey.about}
        menu = Menu(
            _("Huduma. Go on with: {what}?").format(what=journey.about),
            [
                Option(_("Continue"), Target(_RESUME, resume), RESUME_KEY),
                Option(_("Start again"), Target(_RESTART, {}), "2"),
            ],
        )
        dialogue.shown = shown_for(menu, back=False)
        dialogue.reply = f"CON {page_text(dialogue.shown)}"

    def _resume(self, turn: Turn, dialogue: Dialogue, journey: Journey) -> Outcome:
        turn.speak(journey.language)
        dialogue.stack = journey.stack[:-1]
        dialogue.in_journey = True
        last = journey.stack[-1]
        instead = SCREENS[last.screen].resume
        if instead:
            last = Target(screen_name(instead), last.args | {"screen": last.screen})
        return self._enter(turn, dialogue, last)

    def _done(self, dialogue: Dialogue, outcome: Outcome) -> Outcome:
        dialogue.language = wording.language()
        return outcome


def valid_answers(shown: Shown) -> str:
    """A sentence that says what would be an answer here: "1 to 4, 9 or 0"."""
    runs: list[list[int]] = []
    for number in (int(key) for key in shown.visible):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    valid = [_("{first} to {last}").format(first=run[0], last=run[-1]) if run[1:] else str(run[0]) for run in runs]
    if shown.back:
        valid.append(BACK)
    if len(valid) > 1:
        valid = [_("{some} or {last}").format(some=", ".join(valid[:-1]), last=valid[-1])]
    return _("That is not there. Answer {answers}.").format(answers=valid[0])


def _follow(turn: Turn, where: Target, notice: str) -> tuple[Menu | Ask | End | Again, Target, str]:
    reply: Reply = run(turn, where)
    for _step in range(8):
        if not isinstance(reply, Go):
            return reply, where, notice
        where, notice = reply.target, reply.notice or notice
        reply = run(turn, where)
    raise RecursionError(f"screens lead in a circle at {where.screen}")


def _up_to(stack: list[Target], screen: str) -> list[Target]:
    """The frames before this screen: it stands in the stack once, and coming to it again goes back to it."""
    for depth, frame in enumerate(stack):
        if frame.screen == screen:
            return stack[:depth]
    return stack


def _leave(turn: Turn, before: list[Target], after: list[Target]) -> None:
    """Give back what the screens gone back over held, unless one that is still there holds it too.

    A walk leaves it to the hop that did it.
    """
    kept = {SCREENS[frame.screen].leave for frame in after}
    for frame in reversed(before):
        leave = SCREENS[frame.screen].leave
        if leave and leave not in kept:
            kept.add(leave)
            with contextlib.suppress(NotNow):
                leave(turn, frame.args)


def shown_for(reply: Menu | Ask, *, back: bool) -> Shown:
    """A reply with its options numbered, as it will be shown and stored."""
    keys: dict[str, Target] = {}
    lines, visible = [], []
    number = 0
    for item in reply.options:
        key = item.key or str(number + 1)
        if item.label:
            lines.append(f"{key} {item.label}")
            visible.append(key)
            number = int(key)
        keys[key] = item.target
    question = isinstance(reply, Ask)
    typed = reply.then if isinstance(reply, Ask) else reply.typed
    return Shown(reply.text, lines, keys, visible, typed, question, back)


def page_text(shown: Shown, notice: str = "") -> str:
    """The page at hand. A notice stands on whatever page that is: it says what the answer to it lacked."""
    pages = split(shown.title, shown.lines, back=shown.back)
    shown.page = min(shown.page, len(pages) - 1)
    page, more = pages[shown.page], shown.page + 1 < len(pages)
    if not notice:
        shown.cut = False
        return with_keys(page, more=more, back=shown.back)
    text, shown.cut = with_notice(notice, page, shown.title, more=more, back=shown.back, question=shown.question)
    return text


def page_count(shown: Shown) -> int:
    return len(split(shown.title, shown.lines, back=shown.back))


def _offered_journey(resume: Target) -> Journey:
    args = resume.args
    return Journey(args["language"], [Target(*frame) for frame in args["stack"]], args["about"])
