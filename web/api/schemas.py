"""What goes over the wire: every field of every body, checked as it is described."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from core.clock import local
from core.partners.keys import Scope
from core.partners.news import NAMES
from core.partners.webhooks import MOST_IN_AN_ADDRESS
from core.tracking.corrections import Correction
from core.tracking.stages import Stage

MOST_MOVES = 500
FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)
"""What lies outside is as far away: a date of the year 1 must not upset anybody's reckoning."""

MOVES = (Stage.SENT_TO_AGENCY, Stage.IN_PROCESS, Stage.NEEDS_CORRECTION, Stage.REJECTED, Stage.SENT_TO_CENTRE)
"""What an agency says of documents. That one has arrived is for the centre to say, which has it in hand."""


class Fits(validate.Regexp):
    """A pattern that the whole text must fit."""

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, str) or re.fullmatch(str(self.regex.pattern), value) is None:
            raise ValidationError(self.error)
        return value


class Text(fields.String):
    """Text of a pattern."""

    def __init__(self, pattern: str, said: str, **more: Any) -> None:
        super().__init__(validate=Fits(pattern, error=said), **more)


class Whole(fields.Integer):
    """A whole number of JSON, not one within quotes."""

    def __init__(self, **more: Any) -> None:
        super().__init__(strict=True, **more)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        if isinstance(value, str | bool):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **more)


class Moment(fields.AwareDateTime):
    """A moment with its offset; said in the time of Nairobi."""

    def __init__(self, **more: Any) -> None:
        said = "Write a moment with its offset, like 2026-11-24T08:00:00+03:00."
        super().__init__(error_messages={"invalid": said, "invalid_awareness": said}, **more)

    def _serialize(self, value: datetime | None, attr: Any, obj: Any, **more: Any) -> str | None:
        return None if value is None else local(value).isoformat()

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> datetime:
        moment: datetime = super()._deserialize(value, attr, data, **more)
        if moment.year < FIRST.year:
            return datetime(FIRST.year, 1, 1, tzinfo=UTC)
        return datetime(LAST.year, 1, 1, tzinfo=UTC) if moment.year > LAST.year else moment


class Day(fields.Date):
    """A day in Nairobi."""

    def __init__(self, **more: Any) -> None:
        super().__init__(error_messages={"invalid": "Write a day like 2026-11-24."}, **more)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day: date = super()._deserialize(value, attr, data, **more)
        return min(max(day, FIRST), LAST)


def _service(**more: Any) -> Text:
    said = "Write the code of a service, as /services lists it."
    return Text("^[A-Z0-9]{2,8}$", said, metadata={"description": "Code of a service.", "example": "IDR"}, **more)


def _site(**more: Any) -> Text:
    said = "Write the code of a site, as /sites lists it."
    return Text("^[A-Z0-9]{2,8}$", said, metadata={"description": "Code of a site.", "example": "GPO"}, **more)


def _number(description: str, **more: Any) -> Text:
    said = "Write the eight digits of a tracking number."
    return Text("^[1-9][0-9]{7}$", said, metadata={"description": description, "example": "48217096"}, **more)


def _reference(**more: Any) -> Text:
    said = "Write 1 to 64 letters, digits, dots, - or _, the first a letter or digit."
    about = {
        "description": "Your own reference: never a name, phone or identity number.",
        "example": "NRB-2026-000017",
    }
    return Text("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", said, metadata=about, **more)


def _paper(description: str) -> Text:
    return Text("^[A-Za-z0-9]{5,12}$", "Write 5 to 12 letters or digits.", metadata={"description": description})


def _one_of(values: tuple[str, ...], description: str, **more: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(values), metadata={"description": description}, **more)


class Body(Schema):
    """What is sent. A field that is not known is a mistake, and is said to be one."""

    class Meta:
        unknown = RAISE


class Page(Schema):
    next = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The `cursor` of the next page; null: this is the last."},
    )


class ProblemError(Schema):
    pointer = fields.String(metadata={"description": "Where in the body, as a JSON pointer."})
    parameter = fields.String(metadata={"description": "Or in which parameter."})
    detail = fields.String(required=True)


class Problem(Schema):
    """RFC 9457."""

    type = fields.String(required=True, metadata={"description": "Which kind: the anchor of its description."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(ProblemError))


class Name(Schema):
    en = fields.String(required=True)
    sw = fields.String(required=True)


class Service(Schema):
    code = _service(required=True)
    name = fields.Nested(Name, required=True)
    identity = fields.String(
        required=True, metadata={"description": "What its owner is known by: national_id, document or none."}
    )
    fee_kes = fields.Integer(
        required=True, allow_none=True, metadata={"description": "As published; null where nobody can say."}
    )
    sites = fields.List(fields.String, required=True, metadata={"description": "Where it takes bookings now."})


class Services(Schema):
    items = fields.List(fields.Nested(Service), required=True)


class Site(Schema):
    code = _site(required=True)
    name = fields.Nested(Name, required=True)
    town = fields.String(required=True)
    window_minutes = fields.Integer(required=True, metadata={"description": "How long a time is."})
    services = fields.List(fields.String, required=True, metadata={"description": "Yours that take bookings here."})


class Sites(Schema):
    items = fields.List(fields.Nested(Site), required=True)


class AvailabilityQuery(Body):
    service = _service(required=True)
    site = _site(required=True)
    first = Day(data_key="from", metadata={"description": "The first day; today unless it is given."})
    days = fields.Integer(
        load_default=7, validate=validate.Range(1, 31), metadata={"description": "How many days, 7 unless given."}
    )


class FreeDay(Schema):
    day = Day(required=True)
    times = fields.List(Moment, required=True)


class Availability(Schema):
    service = _service(required=True)
    site = _site(required=True)
    window_minutes = fields.Integer(required=True)
    days = fields.List(
        fields.Nested(FreeDay),
        required=True,
        metadata={"description": "Days with a free time; full ones are left out."},
    )


def _cursor() -> Text:
    return Text(
        "^[A-Za-z0-9_-]{1,200}$",
        "Give a cursor as you got it in `next`.",
        metadata={"description": "`next` of the page before."},
    )


class DayQuery(Body):
    day = Day(required=True, metadata={"description": "Which day, in Nairobi."})
    service = _service()
    site = _site()
    cursor = _cursor()


class Booking(Schema):
    reference = fields.String(required=True, metadata={"example": "48217096"})
    service = _service(required=True)
    site = _site(required=True)
    starts_at = Moment(required=True)
    came_at = Moment(required=True, allow_none=True)
    booked_at = Moment(required=True)
    id_ends = fields.String(
        required=True, allow_none=True, metadata={"description": "The last three digits of the ID, where one is known."}
    )


class Bookings(Page):
    items = fields.List(fields.Nested(Booking), required=True)


class DocumentStep(Schema):
    stage = fields.String(required=True)
    at = Moment(required=True)
    site = fields.String(required=True, allow_none=True)


class Document(Schema):
    tracking_number = _number("Eight digits, printed on the waiting card.", required=True)
    service = _service(required=True)
    site = _site(required=True)
    stage = _one_of(tuple(Stage), "Where it is.", required=True)
    since = Moment(required=True)
    promised_on = Day(required=True, allow_none=True)
    correction = fields.String(required=True, allow_none=True)


class DocumentInFull(Document):
    steps = fields.List(fields.Nested(DocumentStep), required=True)


class Documents(Page):
    items = fields.List(fields.Nested(Document), required=True)


class DocumentsQuery(Body):
    changed_since = Moment(metadata={"description": "Only those whose stage has changed since; all unless given."})
    cursor = _cursor()


class Application(Body):
    service = _service(required=True)
    site = _site(required=True)
    year_of_birth = Whole(
        required=True,
        validate=validate.Range(1900, 2100),
        metadata={"description": "Of the owner, who is asked for it where there is no ID number.", "example": 1994},
    )
    national_id = Text("^0{0,3}[1-9][0-9]{5,8}$", "An ID number has 6 to 9 digits.", metadata={"example": "12345678"})
    passport = _paper("Where there is no national ID.")
    alien_id = _paper("Where there is neither.")
    birth_entry = _paper("Where there is none of them.")
    phone = Text(
        r"^\+[1-9][0-9]{6,14}$",
        "Write the phone in international form, like +254711000001.",
        metadata={
            "description": "As confirmed by its owner, who is told the tracking number.",
            "example": "+254711000001",
        },
    )
    promised_on = Day(metadata={"description": "The day by which you promise it."})
    tracking_number = _number("Of the waiting card, where one is printed already; a new one unless given.")


class Registered(Schema):
    tracking_number = _number("Give it to the owner.", required=True)
    phone = _one_of(
        ("told", "no_phone", "bad_phone"),
        "Whether the owner is told by SMS; bad_phone: no phone can have this number, so the desk has to ask for it.",
        required=True,
    )


class Move(Body):
    stage = _one_of(tuple(MOVES), "Where the document is now.", required=True)
    site = _site()
    correction = _one_of(
        tuple(Correction), "What must be put right, where the stage is needs_correction; `other` unless given."
    )


class NumberedMove(Move):
    tracking_number = _number("Which document.", required=True)


class Moves(Body):
    moves = fields.List(fields.Nested(NumberedMove), required=True, validate=validate.Length(1, MOST_MOVES))


class Moved(Schema):
    tracking_number = fields.String(required=True)
    result = _one_of(
        ("taken", "unchanged"), "taken, or unchanged: it was known already, and nothing was done.", required=True
    )
    detail = fields.String(required=True)
    document = fields.Nested(Document, required=True)


class MoveOutcome(Schema):
    line = fields.Integer(required=True, metadata={"description": "Which of `moves`, counted from 1."})
    tracking_number = fields.String(required=True)
    result = _one_of(
        ("taken", "unchanged", "refused"),
        "taken; unchanged: it was known already; refused: see `detail`.",
        required=True,
    )
    detail = fields.String(required=True, metadata={"description": "Why, in a sentence."})


class MoveOutcomes(Schema):
    taken = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    outcomes = fields.List(fields.Nested(MoveOutcome), required=True)


class NewAppointment(Body):
    reference = _reference(required=True)
    service = _service(required=True)
    site = _site(required=True)
    starts_at = Moment(required=True, metadata={"example": "2026-11-24T08:00:00+03:00"})


class AppointmentMove(Body):
    site = _site(required=True)
    starts_at = Moment(required=True, metadata={"example": "2026-11-24T08:00:00+03:00"})


class Appointment(Schema):
    reference = fields.String(required=True)
    service = _service(required=True)
    site = _site(required=True)
    starts_at = Moment(required=True)
    came_at = Moment(required=True, allow_none=True)
    outcome = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null while it is to come; served, past, or closed: the centre was shut."},
    )


class Appointments(Page):
    items = fields.List(fields.Nested(Appointment), required=True)


class NewWebhook(Body):
    url = Text(
        f"^https?://[!-~]{{1,{MOST_IN_AN_ADDRESS - 8}}}$",
        "Write an address that begins with https://.",
        required=True,
        metadata={"description": "https, and reachable from everywhere.", "example": "https://agency.example/zamu"},
    )
    events = fields.List(
        fields.String(validate=validate.OneOf(NAMES)),
        load_default=[],
        validate=validate.Length(max=len(NAMES)),
        metadata={"description": "What to tell; everything if it is empty."},
    )


class Webhook(Schema):
    id = fields.Integer(required=True)
    url = fields.String(required=True)
    events = fields.List(fields.String, required=True)
    created_at = Moment(required=True)
    failing_since = Moment(
        required=True, allow_none=True, metadata={"description": "Since when it has taken no message."}
    )


class AddedWebhook(Webhook):
    secret = fields.String(
        required=True,
        metadata={"description": "`whsec_...`: keep it, it is not shown again. Messages are signed with it."},
    )


class Webhooks(Schema):
    items = fields.List(fields.Nested(Webhook), required=True)


SCOPES: Mapping[Scope, str] = {
    Scope.DOCUMENTS_WRITE: "register applications, and say where documents are",
    Scope.DOCUMENTS_READ: "read where documents are",
    Scope.BOOKINGS_READ: "read who is expected",
    Scope.AVAILABILITY_READ: "read which times are free",
    Scope.APPOINTMENTS_WRITE: "give places away, move them, give them back, and see them",
    Scope.WEBHOOKS_WRITE: "add, see and end webhooks",
}
