"""The forms of a counter: what is known when somebody has been served."""

from typing import Any

from wtforms import Field
from wtforms.validators import ValidationError

from core.booking.serving import Paid
from core.catalogue.snapshot import Catalogue
from core.errors import Malformed
from core.people.identities import parse_identity
from core.phones import parse_phone
from core.references import parse_reference
from core.tracking.counter import Application
from core.wording import N_
from core.wording import gettext as _
from web.desk.asking import DayField, DeskForm, NumberField, one_of, pick, words

YES, NO = "yes", "no"
ID_KINDS = (
    ("national_id", N_("National ID")),
    ("passport", N_("Passport")),
    ("alien_id", N_("Alien ID")),
    ("birth_entry", N_("Birth entry number")),
)


class OfService(DeskForm):
    """Of somebody without a booking: the service has to be said.

    Before the other forms, since its field is the first of theirs: fields, and what is wrong with them, stand in the
    order in which they are made.
    """

    service = pick(N_("Service"))

    def validate_service(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Choose the service."))


class ServedForm(DeskForm):
    """What was applied for, and what was paid."""

    document = one_of(N_("Was a document applied for?"), default=YES)
    proof = words(
        N_("Last 3 digits of the owner's ID"), hint=N_("For an owner without an ID: the year of birth."), most=10
    )
    promised_on = DayField(N_("Promised day"), hint=N_("If the agency has named one."))
    tracking_number = words(
        N_("Number on the waiting card"), hint=N_("Leave it empty and a new number is made."), most=20
    )
    owner_kind = pick(N_("Kind of number"))
    owner = words(N_("Owner's ID number"), hint=N_("If it is known."), most=30)
    phone = words(N_("Phone to send the SMS to"), most=30)
    fee_kes = NumberField(N_("Fee paid, in KES"))
    receipt = words(N_("Receipt number"), most=30)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.document.choices = [(YES, _("Yes")), (NO, _("No"))]
        self.owner_kind.choices = [(kind, _(said)) for kind, said in ID_KINDS]
        if self.owner_kind.data is None:
            self.owner_kind.data = ID_KINDS[0][0]

    @property
    def makes_document(self) -> bool:
        return bool(self.document.data == YES)

    @property
    def paid(self) -> Paid:
        return Paid(self.fee_kes.data, self.receipt.data or None)

    def application(self) -> Application:
        """Of a valid form."""
        owner = self.owner.data if self.owner is not None else None  # the booking may say it already
        phone, card = self.phone.data, self.tracking_number.data
        return Application(
            proof=self.proof.data or "",
            promised_on=self.promised_on.data,
            owner=parse_identity(self.owner_kind.data, owner) if owner else None,
            phone=parse_phone(phone) if phone else None,
            tracking_number=parse_reference(card) if card else None,
            paid=self.paid,
        )

    def validate_proof(self, field: Field) -> None:
        proof = (field.data or "").replace(" ", "")
        if self.makes_document and not (proof.isascii() and proof.isdecimal() and len(proof) in (3, 4)):
            raise ValidationError(_("Type 3 digits of the ID, or a year such as 1990."))

    def validate_tracking_number(self, field: Field) -> None:
        readable(field, parse_reference)

    def validate_owner(self, field: Field) -> None:
        readable(field, lambda typed: parse_identity(self.owner_kind.data, typed))

    def validate_phone(self, field: Field) -> None:
        readable(field, parse_phone)

    def validate_receipt(self, field: Field) -> None:
        if not all(letter.isalnum() or letter in "-/. " for letter in field.data or ""):
            raise ValidationError(_("A receipt number has letters, digits, - and / only."))


class WalkInForm(OfService, ServedForm):
    """Somebody without a booking was served."""


def walk_in_services(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Choices: what is given at centres, to people without a booking too."""
    return [(s.code, s.names.spoken_full) for s in catalogue.services.values() if not s.elsewhere]


def readable(field: Field, parse: Any) -> None:
    """Raises:
    ValidationError: there is something in the field, and it cannot be read.
    """
    try:
        if field.data:
            parse(field.data)
    except (Malformed, KeyError) as error:
        raise ValidationError(str(error)) from None
