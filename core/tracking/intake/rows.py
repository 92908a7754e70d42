"""What a row of a file asks for, put together without the database: numbers, names, phones and days made plain."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from core.catalogue.snapshot import Service, Site
from core.clock import local_date
from core.errors import Malformed
from core.people.identities import Identity, parse_identity
from core.phones import parse_phone
from core.references import parse_reference
from core.tracking.corrections import Correction
from core.tracking.files import Row
from core.tracking.files.columns import plain
from core.tracking.intake.names import Finder
from core.tracking.shelves import parse_shelf
from core.tracking.stages import Stage
from core.wording import gettext as _

T = TypeVar("T")

STAGES = (
    Stage.APPLIED, Stage.SENT_TO_AGENCY, Stage.IN_PROCESS, Stage.NEEDS_CORRECTION, Stage.REJECTED,
    Stage.SENT_TO_CENTRE, Stage.RECEIVED,
)  # fmt: skip
"""What a file may say of documents. Handing over, and what follows, is done at a desk."""

_STAGE_WORDS = {
    Stage.APPLIED: ("applied for", "application", "new", "submitted", "ameomba", "imeombwa", "ombi"),
    Stage.SENT_TO_AGENCY: ("sent to the agency", "to agency", "imetumwa kwa idara", "imepelekwa idarani"),
    Stage.IN_PROCESS: ("processing", "in progress", "under process", "inashughulikiwa", "inatengenezwa"),
    Stage.NEEDS_CORRECTION: ("correction", "needs a correction", "query", "inahitaji marekebisho", "marekebisho"),
    Stage.REJECTED: ("declined", "refused", "imekataliwa"),
    Stage.SENT_TO_CENTRE: (
        "sent to center", "sent to the centre", "dispatched", "in transit", "to centre", "imetumwa kituoni",
        "njiani", "iko njiani",
    ),
    Stage.RECEIVED: ("received at the centre", "received at centre", "arrived", "ready", "ready for collection",
                     "imefika", "imepokelewa", "iko tayari", "tayari"),
}  # fmt: skip
_CORRECTION_WORDS = {
    Correction.PHOTO: ("photograph", "passport photo", "photos", "picha"),
    Correction.FINGERPRINTS: ("fingerprint", "prints", "biometrics", "alama za vidole"),
    Correction.SIGNATURE: ("sahihi", "saini"),
    Correction.DETAILS_DIFFER: ("details", "details do not agree", "name", "names", "maelezo", "majina"),
    Correction.PAPER_MISSING: ("missing paper", "missing document", "documents", "karatasi"),
    Correction.PAYMENT: ("fee", "malipo", "ada"),
    Correction.OTHER: ("nyingine",),
}
_BY_WORD = {plain(word): stage for stage in STAGES for word in (stage.value, *_STAGE_WORDS[stage])}
_CORRECTIONS = {plain(word): it for it, words in _CORRECTION_WORDS.items() for word in (it.value, *words)}

_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?E\+?[0-9]{1,3}", re.IGNORECASE)
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y")
_EXCEL_EPOCH = date(1899, 12, 30)
_OLDEST = 1900


@dataclass(frozen=True, slots=True)
class Wish:
    """What one row asks for. Two rows that ask for the same are equal."""

    stage: Stage
    tracking_number: str | None
    service: Service | None = field(compare=False)
    site: Site | None = field(compare=False)
    codes: tuple[str | None, str | None]
    """Of service and centre, by which they are compared."""
    identity: Identity | None
    year_of_birth: str | None
    phone: str | None
    """E.164."""
    phone_problem: str | None
    """no_phone or bad_phone, where there is none."""
    promised_on: date | None
    shelf: str | None
    correction: Correction | None

    def proofs(self) -> list[str]:
        """What its owner can be asked for, the better one first."""
        digits = re.sub(r"\D", "", self.identity.number)[-3:] if self.identity else ""
        proofs = [proof for proof in (digits if len(digits) == 3 else None, self.year_of_birth) if proof]
        # Where the owner has no ID of their own (a child, a first ID), it is better to ask what they know.
        return proofs[::-1] if self.service and self.service.identity == "none" else proofs


def read_wish(row: Row, finder: Finder, *, stage: Stage, centre: Site | None, now: datetime) -> Wish:
    """`stage` and `centre` are what the file says of all rows that do not say it themselves.

    Raises:
        Malformed: it cannot be read; the sentence says what to put right.
    """
    if row.fault:
        raise Malformed(row.fault)
    cells = row.cells
    for meaning in ("tracking_number", "id_number", "phone"):
        if _SCIENTIFIC.fullmatch(cells.get(meaning, "")):
            raise Malformed(
                _(
                    "{number} is what Excel made of a long number, and its last digits are lost. "
                    "Format the column as text, and type the number again."
                ).format(number=cells[meaning])
            )

    its_stage = _read(cells, "stage", _stage) or stage
    service, site = _read(cells, "service", finder.service), _read(cells, "centre", finder.site) or centre
    phone, problem = _phone(cells.get("phone", ""))
    return Wish(
        stage=its_stage,
        tracking_number=_read(cells, "tracking_number", _tracking_number),
        service=service,
        site=site,
        codes=(service.code if service else None, site.code if site else None),
        identity=_read(cells, "id_number", _identity),
        year_of_birth=_read(cells, "year_of_birth", lambda text: _year(text, now)),
        phone=phone,
        phone_problem=problem,
        promised_on=_read(cells, "promised_on", _day),
        shelf=_read(cells, "shelf", parse_shelf),
        correction=_correction(cells.get("reason", "")) if its_stage is Stage.NEEDS_CORRECTION else None,
    )


def _read(cells: Mapping[str, str], meaning: str, reader: Callable[[str], T]) -> T | None:
    return reader(cells[meaning]) if meaning in cells else None


def _tracking_number(text: str) -> str:
    try:
        return parse_reference(text)
    except Malformed as error:
        raise Malformed(_('"{text}" is no document number. {why}').format(text=text, why=error)) from error


def _identity(text: str) -> Identity:
    """Digits are a national ID; with letters it is a passport."""
    return parse_identity("passport" if re.search("[A-Za-z]", text) else "national_id", text)


def _phone(text: str) -> tuple[str | None, str | None]:
    """The phone, or why there is none. Letters are not taken for the digits they share a key with."""
    if not text:
        return None, "no_phone"
    try:
        if not re.fullmatch(r"[+0-9()\s./-]+", text):
            return None, "bad_phone"
        return parse_phone(text), None
    except Malformed:
        return None, "bad_phone"


def _year(text: str, now: datetime) -> str:
    """A year, or the year of a date of birth."""
    this_year = local_date(now).year
    if re.fullmatch(r"[0-9]{4}", text):
        year = int(text)
    else:
        try:
            year = _day(text).year
        except Malformed as error:
            raise _no_year(text) from error
        year -= 100 if year > this_year else 0  # 03/04/69 is nobody who is yet to be born
    if not _OLDEST <= year <= this_year:
        raise _no_year(text)
    return str(year)


def _no_year(text: str) -> Malformed:
    return Malformed(_('"{text}" is no year of birth. Type it like 1994.').format(text=text))


def _day(text: str) -> date:
    """2026-11-30, 30/11/2026, 30 Nov 2026, or what Excel counts days by. The day comes before the month."""
    if re.fullmatch(r"[0-9]{5}", text):
        return _EXCEL_EPOCH + timedelta(days=int(text))
    for pattern in _DAYS:
        try:
            return date(*time.strptime(text.removesuffix(" 00:00:00"), pattern)[:3])
        except ValueError:
            continue
    raise Malformed(_('"{text}" is no date. Type it like 2026-11-30 or 30/11/2026.').format(text=text))


def _stage(text: str) -> Stage:
    stage = _BY_WORD.get(plain(text))
    if stage is None:
        said = _('"{text}" is no stage that a file can give. They are: {stages}.')
        raise Malformed(said.format(text=text, stages=", ".join(STAGES)))
    return stage


def _correction(text: str) -> Correction:
    correction = _CORRECTIONS.get(plain(text))
    if correction is None:
        if text:
            said = _('"{text}" does not say what must be put right. Type one of: {words}.')
        else:
            said = _("It does not say what must be put right. Type one of: {words}.")
        raise Malformed(said.format(text=text, words=", ".join(Correction)))
    return correction
