"""Which column of a file means what: a table of the words that clerks use, matched kindly."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from core.errors import Malformed
from core.wording import gettext as _

WORDS: dict[str, tuple[str, ...]] = {
    "tracking_number": (
        "document number", "tracking number", "tracking no", "tracking", "tracking id", "zamu number", "waiting card",
        "waiting card number", "waiting card no", "card number", "nambari ya kufuatilia",
        "namba ya kufuatilia", "nambari ya hati", "nambari ya kadi", "nambari ya waiting card",
    ),
    "service": (
        "service", "services", "service code", "service name", "document", "document type", "type of document",
        "huduma", "aina ya huduma", "hati", "aina ya hati",
    ),
    "centre": (
        "centre", "center", "huduma centre", "huduma center", "centre code", "center code", "centre name",
        "center name", "collection centre", "collection center", "collection point", "kituo", "kituo cha huduma",
        "jina la kituo", "kituo cha kuchukulia", "station", "site",
    ),
    "id_number": (
        "id number", "id no", "id", "national id", "national id number", "national id no", "identity number",
        "identity card number", "passport number", "passport no", "id or passport", "owner id",
        "nambari ya id", "namba ya id", "nambari ya kitambulisho", "namba ya kitambulisho", "kitambulisho",
        "kitambulisho namba", "nambari ya pasipoti",
    ),
    "year_of_birth": (
        "year of birth", "birth year", "yob", "born", "date of birth", "dob", "mwaka wa kuzaliwa",
        "mwaka wa kuzaliwa wa mwenyewe", "tarehe ya kuzaliwa",
    ),
    "phone": (
        "phone", "phone number", "phone no", "telephone", "telephone number", "tel", "tel no", "mobile",
        "mobile number", "mobile no", "mobile phone", "cell", "cellphone", "contact", "contact number", "msisdn",
        "simu", "nambari ya simu", "namba ya simu", "simu ya mkononi",
    ),
    "stage": ("stage", "status", "state", "document status", "hatua", "hali", "hali ya hati"),
    "promised_on": (
        "promised on", "promised date", "promised by", "date promised", "ready by", "ready on", "due date",
        "expected date", "expected on", "tarehe ya kuahidiwa", "tarehe iliyoahidiwa", "ahadi", "itakuwa tayari",
    ),
    "shelf": ("shelf", "shelf number", "shelf no", "rack", "box", "bin", "location", "rafu", "kabati", "sanduku"),
    "reason": (
        "reason", "correction", "correction needed", "what to correct", "remedy", "sababu", "marekebisho",
        "kinachohitajika kurekebishwa",
    ),
}  # fmt: skip
"""What each meaning is called, as `plain` writes it. The first word is the one shown to people."""

REFUSED_LINE, REFUSED_BECAUSE = "refused_line", "refused_because"
"""The columns that a file of refused rows has besides its own; ignored when it is given again."""

_LEAST_TO_MISSPELL = 5
"""Letters below which a misspelling is not looked for."""
_RUN_TOGETHER = {word.replace(" ", ""): meaning for meaning, words in WORDS.items() for word in words}
_OURS = frozenset({"refused line", "refused because"})


@dataclass(frozen=True, slots=True)
class Columns:
    """The heading of a file, understood."""

    names: tuple[str, ...]
    """As they stand in the file."""
    meanings: tuple[str | None, ...]
    """What each column means; None is ignored."""

    @property
    def ignored(self) -> tuple[str, ...]:
        """The names of columns that mean nothing to us."""
        pairs = zip(self.names, self.meanings, strict=True)
        return tuple(name for name, meaning in pairs if meaning is None and name and plain(name) not in _OURS)

    def missing(self) -> str | None:
        """A sentence, where the file cannot say which documents it is about."""
        if "tracking_number" in self.meanings or {"id_number", "service"} <= set(self.meanings):
            return None
        found = ", ".join(_shown(name) for name in self.names if name) or "-"
        return _(
            "No column says which documents these are: there must be a document number, or an ID number and a service. "
            "Columns found: {found}."
        ).format(found=found)


def understand(names: Sequence[str]) -> Columns:
    """The meaning of each column. Well spelt names go first: a misspelling never competes with one.

    Raises:
        Malformed: two columns mean the same.
    """
    words = [plain(name) for name in names]
    meanings = [_well_spelt(word) for word in words]
    sure = set(meanings)
    for place, word in enumerate(words):
        if meanings[place] is None and word not in _OURS:
            guess = _misspelt(word)
            meanings[place] = guess if guess not in sure else None
    for meaning in WORDS:
        same = [name for name, its in zip(names, meanings, strict=True) if its == meaning]
        if len(same) > 1:
            said = _("{number} columns mean the same, {meaning}: {names}. Keep one of them.")
            names_said = ", ".join(_shown(name) for name in same)
            raise Malformed(said.format(number=len(same), meaning=WORDS[meaning][0], names=names_said))
    return Columns(tuple(names), tuple(meanings))


def meaning_of(name: str) -> str | None:
    """What a column of this name alone would mean."""
    word = plain(name)
    return _well_spelt(word) or _misspelt(word)


def plain(text: str) -> str:
    """`Nambari_ya  SIMU (Mwenyewe):` → `nambari ya simu mwenyewe`."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c)).split())


def _well_spelt(word: str) -> str | None:
    return _RUN_TOGETHER.get(word.replace(" ", ""))


def _misspelt(word: str) -> str | None:
    """The one meaning whose name is nearest, a letter or two off; None where two are as near, or none is near."""
    joined = word.replace(" ", "")
    if len(joined) < _LEAST_TO_MISSPELL or any(c.isdigit() for c in joined):
        return None
    allowed = 1 if len(joined) < 9 else 2
    near: dict[int, set[str]] = {}
    for name, meaning in _RUN_TOGETHER.items():
        errors = OSA.distance(joined, name, score_cutoff=allowed)
        if errors <= allowed and len(name) >= _LEAST_TO_MISSPELL:
            near.setdefault(errors, set()).add(meaning)
    nearest = near[min(near)] if near else set()
    return nearest.pop() if len(nearest) == 1 else None


def _shown(name: str) -> str:
    return f'"{name if len(name) <= 40 else name[:37] + "..."}"'
