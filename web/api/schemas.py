"""What goes over the wire: every field of every body, checked as it is described."""

from marshmallow import RAISE, Schema, fields, validate

from core.partners.news import NAMES
from core.partners.webhooks import MOST_IN_AN_ADDRESS
from core.tracking.corrections import Correction
from core.tracking.stages import Stage
from web.api.fields import (
    Day,
    Moment,
    Text,
    Whole,
    centre_code,
    cursor_field,
    eight_digits,
    one_of,
    own_reference,
    paper,
    service_code,
)

MOST_MOVES = 500

MOVES = (Stage.SENT_TO_AGENCY, Stage.IN_PROCESS, Stage.NEEDS_CORRECTION, Stage.REJECTED, Stage.SENT_TO_CENTRE)
"""What an agency says of documents. That one has arrived is for the centre to say, which has it in hand."""


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


def confirmed(what: str) -> fields.Boolean:
    """How far a value may be told: what is a guess is not told at all."""
    said = f"Whether somebody has confirmed `{what}`; false: as published elsewhere. null where it is null."
    return fields.Boolean(required=True, allow_none=True, metadata={"description": said})


class Service(Schema):
    code = service_code(required=True)
    name = fields.Nested(Name, required=True)
    identity = fields.String(
        required=True, metadata={"description": "What its owner is known by: national_id, document or none."}
    )
    fee_kes = fields.Integer(
        required=True, allow_none=True, metadata={"description": "As published; null where nobody can say."}
    )
    fee_confirmed = confirmed("fee_kes")
    centres = fields.List(fields.String, required=True, metadata={"description": "Where it takes bookings now."})


class Services(Schema):
    items = fields.List(fields.Nested(Service), required=True)


class Centre(Schema):
    code = centre_code(required=True)
    name = fields.Nested(Name, required=True)
    town = fields.String(required=True, allow_none=True, metadata={"description": "null where nobody can say."})
    town_confirmed = confirmed("town")
    window_minutes = fields.Integer(required=True, metadata={"description": "How long a time is."})
    services = fields.List(fields.String, required=True, metadata={"description": "Yours that take bookings here."})


class Centres(Schema):
    items = fields.List(fields.Nested(Centre), required=True)


class AvailabilityQuery(Body):
    service = service_code(required=True)
    centre = centre_code(required=True)
    first = Day(data_key="from", metadata={"description": "The first day; today unless it is given."})
    days = fields.Integer(
        load_default=7, validate=validate.Range(1, 31), metadata={"description": "How many days, 7 unless given."}
    )


class FreeDay(Schema):
    day = Day(required=True)
    times = fields.List(Moment, required=True)


class Availability(Schema):
    service = service_code(required=True)
    centre = centre_code(required=True)
    window_minutes = fields.Integer(required=True)
    days = fields.List(
        fields.Nested(FreeDay),
        required=True,
        metadata={"description": "Days with a free time; full ones are left out."},
    )


class DayQuery(Body):
    day = Day(required=True, metadata={"description": "Which day, in Nairobi."})
    service = service_code()
    centre = centre_code()
    cursor = cursor_field()


class Booking(Schema):
    reference = fields.String(required=True, metadata={"example": "48217096"})
    service = service_code(required=True)
    centre = centre_code(required=True)
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
    centre = fields.String(required=True, allow_none=True)


class Document(Schema):
    tracking_number = eight_digits("Eight digits, printed on the waiting card.", required=True)
    service = service_code(required=True)
    centre = centre_code(required=True)
    stage = one_of(tuple(Stage), "Where it is.", required=True)
    since = Moment(required=True)
    promised_on = Day(required=True, allow_none=True)
    correction = fields.String(required=True, allow_none=True)


class DocumentInFull(Document):
    steps = fields.List(fields.Nested(DocumentStep), required=True)


class Documents(Page):
    items = fields.List(fields.Nested(Document), required=True)


class DocumentsQuery(Body):
    changed_since = Moment(metadata={"description": "Only those whose stage has changed since; all unless given."})
    cursor = cursor_field()


class Application(Body):
    service = service_code(required=True)
    centre = centre_code(required=True)
    year_of_birth = Whole(
        required=True,
        validate=validate.Range(1900, 2100),
        metadata={"description": "Of the owner, who is asked for it where there is no ID number.", "example": 1994},
    )
    national_id = Text("^0{0,3}[1-9][0-9]{5,8}$", "An ID number has 6 to 9 digits.", metadata={"example": "12345678"})
    passport = paper("Where there is no national ID.")
    alien_id = paper("Where there is neither.")
    birth_entry = paper("Where there is none of them.")
    phone = Text(
        r"^\+[1-9][0-9]{6,14}$",
        "Write the phone in international form, like +254711000001.",
        metadata={
            "description": "As confirmed by its owner, who is told the tracking number.",
            "example": "+254711000001",
        },
    )
    promised_on = Day(metadata={"description": "The day by which you promise it."})
    tracking_number = eight_digits("Of the waiting card, where one is printed already; a new one unless given.")


class Registered(Schema):
    tracking_number = eight_digits("Give it to the owner.", required=True)
    phone = one_of(
        ("told", "no_phone", "bad_phone"),
        "Whether the owner is told by SMS; bad_phone: no SMS can reach this number, so the desk has to ask for it.",
        required=True,
    )


class Move(Body):
    stage = one_of(tuple(MOVES), "Where the document is now.", required=True)
    centre = centre_code()
    correction = one_of(
        tuple(Correction), "What must be put right, where the stage is needs_correction; `other` unless given."
    )


class NumberedMove(Move):
    tracking_number = eight_digits("Which document.", required=True)


class Moves(Body):
    moves = fields.List(fields.Nested(NumberedMove), required=True, validate=validate.Length(1, MOST_MOVES))


class Moved(Schema):
    tracking_number = fields.String(required=True)
    result = one_of(
        ("taken", "unchanged"), "taken, or unchanged: it was known already, and nothing was done.", required=True
    )
    detail = fields.String(required=True)
    document = fields.Nested(Document, required=True)


class MoveOutcome(Schema):
    line = fields.Integer(required=True, metadata={"description": "Which of `moves`, counted from 1."})
    tracking_number = fields.String(required=True)
    result = one_of(
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
    reference = own_reference(required=True)
    service = service_code(required=True)
    centre = centre_code(required=True)
    starts_at = Moment(required=True, metadata={"example": "2026-11-24T08:00:00+03:00"})


class AppointmentMove(Body):
    centre = centre_code(required=True)
    starts_at = Moment(required=True, metadata={"example": "2026-11-24T08:00:00+03:00"})


class Appointment(Schema):
    reference = fields.String(required=True)
    service = service_code(required=True)
    centre = centre_code(required=True)
    starts_at = Moment(required=True)
    came_at = Moment(required=True, allow_none=True)
    outcome = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null while it is to come; served, not_served, past, or closed: the centre was shut."},
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
