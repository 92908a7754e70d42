"""The proof of a set of menus: every screen, in every language, with the longest real data.

A fault is a sentence that names screen, language and arguments. What is proved:

- every page of every screen fits a phone, with and without a notice above it;
- every option and every answer leads to a screen that exists and takes its arguments;
- every screen leads back or ends the call;
- every screen can be reached from home;
- every screen has been tried.
"""

import inspect
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from core import wording
from ussd.machine import page_count, page_text, shown_for, valid_answers
from ussd.pages import fits
from ussd.replies import Again, Ask, End, Go, Menu, Reply, Target
from ussd.screens import SCREENS, run
from ussd.turn import Turn

MOST_PAGES = 6
"""Pages nobody turns further than."""

TurnFactory = Callable[[], AbstractContextManager[Turn]]
"""A turn whose changes are undone when the block ends."""


@dataclass(slots=True)
class Proof:
    faults: list[str] = field(default_factory=list)
    edges: dict[tuple[str, str], str] = field(default_factory=dict)
    """(from, to) → the answer that leads there, in English; empty where a screen passes on by itself."""
    endings: set[str] = field(default_factory=set)
    """Screens that can end the call."""
    screens: int = 0
    """Screens rendered, counting each language and each example."""


def prove(home: str, examples: Mapping[str, Iterable[Target]], callers: Sequence[TurnFactory]) -> Proof:
    """Render every example in every language for every caller, and look at what comes out."""
    proof = Proof()
    for name in sorted(SCREENS):
        if not examples.get(name):
            proof.faults.append(f"{name}: no example of it is tried")
    for language in wording.LANGUAGES:
        for name, targets in examples.items():
            for where, turns in itertools.product(targets, callers):
                _prove_screen(proof, home, name, where, language, turns)
    for name in sorted(set(SCREENS) - _reached(home, proof)):
        proof.faults.append(f"{name}: cannot be reached from {home}")
    return proof


def _prove_screen(proof: Proof, home: str, name: str, where: Target, language: str, turns: TurnFactory) -> None:
    proof.screens += 1
    place = f"{name} [{language}] {json.dumps(where.args, ensure_ascii=False)}"
    with wording.speaking(language), turns() as turn:
        try:
            problems = list(_problems(proof, home, name, run(turn, where)))
        except Exception as error:
            # Whatever is wrong with one screen, the others are proved too.
            problems = [f"raises {error!r}"]
    proof.faults += [f"{place}: {problem}" for problem in problems]


def _problems(proof: Proof, home: str, name: str, reply: Reply) -> Iterable[str]:
    if isinstance(reply, Again):
        if not reply.notice:
            yield "asks again without saying why"
        return
    if isinstance(reply, Go):
        yield from _lead(proof, name, reply.target, "")
        return
    if isinstance(reply, End):
        proof.endings.add(name)
        if not fits(f"{reply.text}"):
            yield f"the last words do not fit: {reply.text!r}"
        return
    yield from _shown_problems(proof, home, name, reply)


def _shown_problems(proof: Proof, home: str, name: str, reply: Menu | Ask) -> Iterable[str]:
    shown = shown_for(reply, back=name != home)
    pages = page_count(shown)
    if pages > MOST_PAGES:
        yield f"{pages} pages"
    notice = valid_answers(shown)
    for number in range(pages):
        shown.page = number
        for text in (page_text(shown), page_text(shown, notice)):
            if not fits(text):
                yield f"a page does not fit: {text!r}"
        if notice not in page_text(shown, notice):
            yield f"page {number + 1} does not tell a wrong answer what is valid"
    if isinstance(reply, Ask) and pages > 1:
        yield "a question must fit one page: 98 would be taken for its answer"
    if not shown.back and not shown.keys:
        yield "leads nowhere"
    labels = {o.key or str(n): o.label for n, o in enumerate(reply.options, start=1)}
    for key, leads_to in shown.keys.items():
        yield from _lead(proof, name, leads_to, f"{key} {labels.get(key, '')}".strip())
    if shown.typed:
        argument = "answer" if shown.question else "typed"
        yield from _lead(proof, name, Target(shown.typed.screen, shown.typed.args | {argument: ""}), "typed")


def _lead(proof: Proof, name: str, where: Target, label: str) -> Iterable[str]:
    """Whether an option leads somewhere, noted as an edge of the flow."""
    screen = SCREENS.get(where.screen)
    if screen is None:
        yield f"leads to {where.screen}, which is no screen"
        return
    proof.edges.setdefault((name, where.screen), label)
    try:
        inspect.signature(screen.function).bind(None, **where.args)
        json.dumps(where.args)
    except TypeError as error:
        yield f"leads to {where.screen} with arguments it does not take: {error}"


def _reached(home: str, proof: Proof) -> set[str]:
    reached, fringe = {home}, [home]
    while fringe:
        here = fringe.pop()
        screen = SCREENS.get(here)
        onward = {to for (start, to) in proof.edges if start == here}
        if screen and screen.resume:
            onward |= {name for name, other in SCREENS.items() if other.function is screen.resume}
        fringe += onward - reached
        reached |= onward
    return reached


def flowcharts(proof: Proof) -> dict[str, str]:
    """A Mermaid flowchart a journey (a module of menus), by its name.

    An arrow carries the answer that leads on, and none where a screen passes
    on by itself; screens of other journeys stand as round boxes.
    """
    journeys: dict[str, list[str]] = {}
    for name in sorted(SCREENS):
        journeys.setdefault(_journey(name), []).append(name)
    return {journey: _flowchart(proof, journey, names) for journey, names in journeys.items()}


def _flowchart(proof: Proof, journey: str, names: list[str]) -> str:
    lines = ["flowchart LR", *(f'    {_node(name)}["{name.partition(".")[2]}"]' for name in names)]
    outside = sorted({to for start, to in proof.edges if _journey(start) == journey != _journey(to)})
    lines += [f'    {_node(name)}(["{name}"])' for name in outside]
    for (start, to), label in sorted(proof.edges.items()):
        if _journey(start) == journey:
            answer = label.partition(" ")[0]
            lines.append(f"    {_node(start)} {f'-- {answer} -->' if answer else '-->'} {_node(to)}")
    ends = sorted(name for name in proof.endings if _journey(name) == journey)
    lines += [f"    {_node(name)} --> END((end))" for name in ends]
    return "\n".join(lines)


def _journey(name: str) -> str:
    return name.partition(".")[0]


def _node(name: str) -> str:
    return name.replace(".", "_")
