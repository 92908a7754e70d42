"""Phone numbers: parsed once, here, and E.164 from then on."""

import re

import phonenumbers

from core.errors import Malformed
from core.wording import N_
from core.wording import gettext as _

COUNTRY = "KE"
DIGITS = 9
"""Of a number in Kenya, after 0 or +254."""

NETWORKS = {"63902": "Safaricom", "63903": "Airtel", "63907": "Telkom", "63999": "Equitel", "99999": "Sandbox"}
"""Network codes as Africa's Talking sends them. Numbers are portable: a prefix does not tell the network."""
NO_PHONE = N_("That is not a phone number. Type one like 0711 000 001, or from abroad like +44 7700 900123.")
WRONG_LENGTH = N_(
    "That phone number has the wrong number of digits. Type one like 0711 000 001, or from abroad like +44 7700 900123."
)


def parse_phone(text: str) -> str:
    """`0711 000 001`, `+254 711 000001` or `254711000001` → `+254711000001`; `+44 7700 900123` as it is.

    From anywhere else with its country, after + or 00.

    Raises:
        Malformed: not a number that can exist; the message says what one looks like.
    """
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
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_abroad(phone: str) -> bool:
    """Whether a number in E.164 is of another country."""
    return phonenumbers.parse(phone).country_code != phonenumbers.country_code_for_region(COUNTRY)


def _as_long_as_here(number: phonenumbers.PhoneNumber) -> bool:
    """Whether a Kenyan number has nine digits. "Possible" are also shorter ones: 0711 00007 would get an SMS."""
    if number.country_code != phonenumbers.country_code_for_region(COUNTRY):
        return True
    return len(phonenumbers.national_significant_number(number)) == DIGITS
