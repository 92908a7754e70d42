"""The words of citizens' SMS: what they mean, in which language, and how far from them a mistyped one may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an SMS is taken for; kept with it as `understood_as`."""

    STATUS = "status"
    NUMBER = "number"
    """A reference or tracking number, and no word that says what about it."""
    YES = "yes"
    NO = "no"
    CHOICE = "choice"
    """One of the numbers 1 to 3."""
    CANCEL = "cancel"
    CANCEL_DOUBTFUL = "cancel_doubtful"
    """Perhaps a CANCEL: it destroys, so it is asked back."""
    MOVE = "move"
    BOOK = "book"
    HELP = "help"
    LANGUAGE = "language"
    STOP = "stop"
    START = "start"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Word:
    """One way to say something."""

    text: str
    kind: Kind
    language: str | None = None
    slack: int = 0
    """Most letters wrong, missing, too many or swapped. 0: only itself (a letter held too long is forgiven anyway)."""


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _words(kind: Kind, language: str | None, exact: str, *, mistyped: Mapping[str, int] = {}) -> list[Word]:
    return [Word(text, kind, language, mistyped.get(text, 0)) for text in [*exact.split(), *mistyped]]


_VOCABULARY = [
    *_words(Kind.STOP, "en", "stp sop sto unsub optout quit", mistyped={"stop": 1, "unsubscribe": 3, "stopall": 1}),
    *_words(
        Kind.STOP,
        "sw",
        "ach aca koma sitisha usinitumie msinitumie msitume",
        mistyped={"acha": 1, "wacha": 1, "acheni": 1, "wacheni": 1, "simamisha": 2, "komesha": 1},
    ),
    *_words(Kind.START, "en", "subscribe", mistyped={"start": 1, "restart": 1}),
    *_words(Kind.START, "sw", "anza anzisha"),
    *_words(Kind.CANCEL, "en", "", mistyped={"cancel": 2}),
    *_words(Kind.CANCEL, "sw", "ghairi", mistyped={"futa": 1, "kufuta": 1}),
    *_words(Kind.CANCEL_DOUBTFUL, "en", "cancelled canceled cancelling cancellation cancels"),
    *_words(Kind.CANCEL_DOUBTFUL, "sw", "imefutwa ifutwe usifute msifute nifutie"),
    *_words(Kind.MOVE, "en", "postpone", mistyped={"move": 1, "reschedule": 3}),
    *_words(Kind.MOVE, "sw", "ahirisha", mistyped={"hamisha": 2, "kuhamisha": 2}),
    *_words(Kind.STATUS, "en", "stat stats track tracking", mistyped={"status": 2}),
    *_words(Kind.STATUS, "sw", "fuatilia", mistyped={"hali": 1}),
    *_words(Kind.BOOK, "en", "bookings", mistyped={"book": 1, "booking": 1, "appointment": 3}),
    *_words(Kind.BOOK, "sw", "kubook", mistyped={"miadi": 1}),
    *_words(Kind.LANGUAGE, "en", "lang", mistyped={"language": 2}),
    *_words(Kind.LANGUAGE, "sw", "", mistyped={"lugha": 1}),
    *_words(Kind.HELP, "en", "info menu", mistyped={"help": 1}),
    *_words(Kind.HELP, "sw", "usaidizi", mistyped={"msaada": 1}),
    *_words(Kind.YES, "en", "yes y yeah yea yep yup yse eys yez yas ues"),
    *_words(Kind.YES, "sw", "ndyo ndo ndio eeh ee naam", mistyped={"ndiyo": 1}),
    *_words(Kind.YES, None, "ok okay sawa"),
    *_words(Kind.NO, "en", "no n nope nah"),
    *_words(Kind.NO, "sw", "sitakuja siji", mistyped={"hapana": 1}),
]
EXACT: Mapping[str, Word] = {word.text: word for word in _VOCABULARY}
MISTYPED = tuple(word for word in _VOCABULARY if word.slack)

ORDINARY = _set(
    """
    shop step slop stow strop stomp atop soap stock storm story tops spot slot shot snap stay subscribe
    subscribed asha pacha macha kacha chacha ache aura achia achana ocha acre mcha cha smart star stars stare
    starts started stark tart state stated staff stats channel counsel counsels cancer panel camel candle fupa
    futi fuata kufuata fuza fura futari mfuta fuka juta kuta buta nuta more love mode mole mouse mobe dove
    above none some moe hati mali hapa hapi halo hai kali ali hili hale bali haki hama hadi hall hari habari
    wali took look cook hook boom boot boo nook rook brook back box boots broke mia midi madi wadi radi hela
    held hell hello helo heap kelp helps ndiye ndizo ndoto ndani ndege hapo hapa saada
    """
)
"""Words of their own that are no more than a letter or two from one of ours."""

POLITE = _set(
    """
    please pls plz plse kindly tafadhali tafadhari tafadhal naomba ninaomba tunaomba nataka ningependa
    ningetaka hi hey hello helo habari hujambo jambo mambo salamu shikamoo sir madam dear bwana mkuu boss wewe
    i we want wanna to would like need can could u you me my the a an for of on is be do yangu wangu changu
    langu zangu yetu ya wa cha la za kwa na ni hii hiyo yule mimi kuhusu thanks thank asante ahsante sana thx
    huduma centre zamu number no nambari namba ref reference
    """
) - {"no"}
"""What goes before and after: it says nothing of what is wanted."""

BOOKING = _set(
    """
    booking bookings appointment miadi book visit date time slot nafasi tarehe
    """
)
"""May stand beside CANCEL and YES; "no appointment" is no NO."""
WITH_YES = BOOKING | _set(
    """
    will come coming am there nitakuja nakuja naja tutakuja nitafika keep take it kabisa confirm confirmed
    course nimekubali nakubali sure still haswa nitahudhuria attend attending
    """
)
WITH_NO = _set(
    """
    cannot cant wont not come coming siwezi kuja sitaweza sitafika nitakosa
    """
)
NOT_COMING = _set("cannot cant wont not siwezi sitaweza sitafika")
"""One of these must be there where a NO speaks of coming: "no, I will come" is none."""
COMING = _set("come coming kuja")
NEGATIONS = _set("not dont never usiache bila without")

ABOUT_DOCUMENT = _set(
    """
    hati document documents doc kitambulisho pasipoti passport id kipande ready tayari wapi where angalia
    check cheki imefika iko cheti certificate
    """
)
"""Where nothing else is understood, these ask for a status."""

LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys(_set("english kiingereza kingereza eng ingles en inglish englis"), "en"),
    **dict.fromkeys(_set("kiswahili swahili kiswa kisw sw swa kiswahil swahil kiswahiri"), "sw"),
}
CHOICES: Mapping[str, str] = {"one": "1", "moja": "1", "two": "2", "mbili": "2", "three": "3", "tatu": "3"}
AROUND_CHOICE = _set(
    """
    option chaguo choice choose chagua nachagua nimechagua pick time no st nd rd
    """
)
