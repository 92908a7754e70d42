"""What each role may do, in one table; and where: at its centre, for its agency, or everywhere."""

from collections.abc import Mapping
from enum import StrEnum

from core.wording import N_


class Role(StrEnum):
    COUNTER = "counter"
    MANAGER = "manager"
    AGENT = "agent"
    CLERK = "clerk"
    SECRETARIAT = "secretariat"
    AUDITOR = "auditor"
    OVERSIGHT = "oversight"
    ADMINISTRATOR = "administrator"


SAID: Mapping[Role, str] = {
    Role.COUNTER: N_("Counter officer"),
    Role.MANAGER: N_("Centre manager"),
    Role.AGENT: N_("Contact centre agent"),
    Role.CLERK: N_("Agency clerk"),
    Role.SECRETARIAT: N_("Secretariat"),
    Role.AUDITOR: N_("Auditor"),
    Role.OVERSIGHT: N_("Oversight"),
    Role.ADMINISTRATOR: N_("Administrator"),
}


class Can(StrEnum):
    """One thing that somebody may do at the desk."""

    SEE_DAY = "see_day"
    """Who is expected at a centre, and who has come."""
    SERVE = "serve"
    """Check in, end as served, turn away."""
    BOOK_FOR = "book_for"
    """Find a citizen by phone, ID or booking number; book, move and cancel for them."""
    SEE_DOCUMENTS = "see_documents"
    HANDLE_DOCUMENTS = "handle_documents"
    """Receive, shelve, hand over, send on."""
    TAKE_IN = "take_in"
    """Take in a file of documents."""
    SEE_CAMPAIGNS = "see_campaigns"
    CAMPAIGN = "campaign"
    """Make, approve, pause, correct campaigns."""
    CLOSE = "close"
    """Close a centre, a service or a counter for a time."""
    CAPACITY = "capacity"
    """Change counters, minutes, hours, quotas and caps; switch offerings on."""
    CATALOGUE = "catalogue"
    """Change names, fees and what to bring."""
    SEE_MESSAGES = "see_messages"
    """What was sent to a phone, and what became of it."""
    MEND_MESSAGES = "mend_messages"
    """Settle unknown messages, send dead ones again."""
    AUDIT = "audit"
    """Read the record of who did what."""
    FIGURES = "figures"
    """Sums only: nobody's name, phone or number."""
    STAFF = "staff"
    """Add colleagues, reset their sign-in, switch them off."""
    KEYS = "keys"
    """Make and revoke an agency's keys and webhooks."""


_COUNTER = {Can.SEE_DAY, Can.SERVE, Can.BOOK_FOR, Can.SEE_DOCUMENTS, Can.HANDLE_DOCUMENTS, Can.TAKE_IN}

MAY: Mapping[Role, frozenset[Can]] = {
    Role.COUNTER: frozenset(_COUNTER),
    Role.MANAGER: frozenset(_COUNTER | {Can.CLOSE, Can.CAPACITY, Can.SEE_MESSAGES, Can.AUDIT, Can.FIGURES, Can.STAFF}),
    Role.AGENT: frozenset({Can.BOOK_FOR, Can.SEE_DOCUMENTS, Can.SEE_MESSAGES}),
    Role.CLERK: frozenset({Can.SEE_DOCUMENTS, Can.TAKE_IN, Can.KEYS, Can.FIGURES}),
    Role.SECRETARIAT: frozenset(
        {
            Can.SEE_DAY,
            Can.SEE_DOCUMENTS,
            Can.TAKE_IN,
            Can.SEE_CAMPAIGNS,
            Can.CAMPAIGN,
            Can.CLOSE,
            Can.CAPACITY,
            Can.CATALOGUE,
            Can.SEE_MESSAGES,
            Can.MEND_MESSAGES,
            Can.FIGURES,
        }
    ),
    Role.AUDITOR: frozenset({Can.AUDIT, Can.FIGURES, Can.SEE_CAMPAIGNS}),
    Role.OVERSIGHT: frozenset({Can.FIGURES, Can.SEE_CAMPAIGNS}),
    Role.ADMINISTRATOR: frozenset({Can.STAFF, Can.KEYS, Can.MEND_MESSAGES, Can.FIGURES}),
}

AT_A_CENTRE = frozenset({Role.COUNTER, Role.MANAGER})
"""They see their own centre's citizens, and nobody else's."""
OF_AN_AGENCY = frozenset({Role.CLERK})
"""They see what is of their own agency's services."""
