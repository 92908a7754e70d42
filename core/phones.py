"""Phone numbers: parsed once, here, and E.164 from then on."""

import re

import phonenumbers

from core.errors import Malformed
from core.wording import N_
from core.wording import gettext as _

COUNTRY = "KE"
DIGITS = 9
"""Of a number in Kenya, after 0 or +254."""
MOBILE_BEGINS = ("7", "1")
"""After 0 or +254: all other numbers of Kenya are landlines and services, or nobody's."""

NETWORKS = {"63902": "Safaricom", "63903": "Airtel", "63907": "Telkom", "63999": "Equitel", "99999": "Sandbox"}
"""Network codes as Africa's Talking sends them. Numbers are portable: a prefix does not tell the network."""
NO_PHONE = N_("That is not a phone number. Type one like 0711 000 001, or from abroad like +44 7700 900123.")
WRONG_LENGTH = N_(
    "That phone number has the wrong number of digits. Type one like 0711 000 001, or from abroad like +44 7700 900123."
)
NO_MOBILE = N_(
    "No SMS can reach that number. Type a mobile number like 0711 000 001, or from abroad like +44 7700 900123."
)


def parse_phone(text: str) -> str:
    """A phone that gets SMS, as people type it: `0711 000 001`, `+254 711 000001` or `254711000001` → `+254711000001`.

    From anywhere else with its country, after + or 00: `+44 7700 900123` → `+447700900123`.

    Raises:
        Malformed: no SMS can reach such a number; the message says what one looks like.
    """
    number = _parsed(text)
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        # Long enough to be dialled within one town, such as +44 20 79.
        raise Malformed(_(WRONG_LENGTH))
    if not _gets_sms(number):
        raise Malformed(_(NO_MOBILE))
    return _e164(number)


def parse_msisdn(text: str) -> str:
    """A phone that has called or written, as a gateway names it: any number that can exist → E.164.

    Raises:
        Malformed: not a number that can exist.
    """
    return _e164(_parsed(text))


def is_abroad(phone: str) -> bool:
    """Whether a number in E.164 is of another country."""
    return not _is_here(phonenumbers.parse(phone))


def _parsed(text: str) -> phonenumbers.PhoneNumber:
    text = text.strip()
    if text[:3] == "254" and len(text) >= 12:
        text = "+" + text
    # No number in Kenya begins like this, and abroad one dials it for +.
    text = re.sub(r"^00\s*(?=[1-9])", "+", text)
    try:
        number = phonenumbers.parse(text, COUNTRY)
    except phonenumbers.NumberParseException as error:
        raise Malformed(_(NO_PHONE)) from error
    if not phonenumbers.is_possible_number(number) or not _as_long_as_here(number):
        raise Malformed(_(WRONG_LENGTH))
    return number


def _gets_sms(number: phonenumbers.PhoneNumber) -> bool:
    """Whether it may be a mobile one: in Kenya by how it begins, elsewhere if it is not known to be a landline."""
    if _is_here(number):
        return phonenumbers.national_significant_number(number).startswith(MOBILE_BEGINS)
    return phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.FIXED_LINE


def _as_long_as_here(number: phonenumbers.PhoneNumber) -> bool:
    """Whether a Kenyan number has nine digits. "Possible" are also shorter ones: 0711 00007 would get an SMS."""
    return not _is_here(number) or len(phonenumbers.national_significant_number(number)) == DIGITS


def _is_here(number: phonenumbers.PhoneNumber) -> bool:
    return bool(number.country_code == phonenumbers.country_code_for_region(COUNTRY))


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
