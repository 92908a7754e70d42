"""Messages in a clerk's words: what they say, where they are, and why they came to nothing."""

from collections.abc import Mapping

from core.messaging.tables import Status
from core.wording import N_
from core.wording import gettext as _

SAYS: Mapping[str, str] = {
    "booking_confirmed": N_("Booking confirmed"),
    "booking_moved": N_("Booking moved"),
    "booking_given_up": N_("Booking cancelled"),
    "booking_phone_changed": N_("Booking put on another phone"),
    "booking_reminder": N_("Reminder of a booking"),
    "booking_priority": N_("Priority booking"),
    "closure_moved": N_("Moved because the centre was closed"),
    "closure_asked": N_("Moved because the centre was closed, asks YES or NO"),
    "closure_ended": N_("Booking ended because the centre was closed"),
    "document_status": N_("Where a document is"),
    "document_ready": N_("Document ready"),
    "document_ready_campaign": N_("Document ready (campaign)"),
    "document_reminder": N_("Reminder to collect a document"),
    "document_correction": N_("Document needs correction"),
    "document_rejected": N_("Document rejected"),
    "document_transferred": N_("Document sent to another centre"),
    "document_returned": N_("Document returned to the agency"),
    "document_registered": N_("Application registered"),
    "document_late": N_("Document is late"),
    "document_collected": N_("Document collected"),
    "collection_consent": N_("Asks whether somebody else may collect"),
    "campaign_correction": N_("Correction of a campaign"),
    "phone_code": N_("Code for the web"),
    "smoke": N_("Trial message"),
    "waitlist_joined": N_("Waitlist joined"),
    "waitlist_offer": N_("Earlier time offered"),
    "waitlist_over": N_("Waitlist ended"),
    "waitlist_silent": N_("Waitlist ended: no answer"),
}
REPLY = "reply_"

STANDS: Mapping[Status, str] = {
    Status.PENDING: N_("waiting to be sent"),
    Status.SENDING: N_("being sent now"),
    Status.UNKNOWN: N_("unknown: perhaps sent"),
    Status.SENT: N_("sent, no report yet"),
    Status.DELIVERED: N_("delivered"),
    Status.FAILED: N_("failed"),
    Status.EXPIRED: N_("too late to send"),
    Status.WITHHELD: N_("kept back"),
}
BECAUSE: Mapping[str, str] = {
    "opted_out": N_("said STOP"),
    "a_day": N_("enough messages for one day"),
    "no_longer_true": N_("no longer true"),
    "cancelled": N_("the campaign was cancelled"),
    "invalid_phone": N_("no such phone number"),
    "unsupported_number": N_("the gateway cannot reach such a number"),
    "blocked": N_("the phone blocks our messages"),
    "do_not_disturb": N_("the phone takes no such messages"),
    "no_route": N_("the gateway found no way to the phone"),
    "rejected": N_("the gateway refused it"),
    "refused": N_("the gateway refused it"),
    "risk_hold": N_("the gateway holds it back"),
    "call_refused": N_("the gateway refused it"),
    "too_many_calls": N_("the gateway was asked too often"),
    "sender_refused": N_("the gateway refused our sender name"),
    "invalid_sender": N_("the gateway refused our sender name"),
    "out_of_credit": N_("our account at the gateway is empty"),
    "account_refused": N_("the gateway refused our account"),
    "gateway_address": N_("the gateway is not at the address we have"),
    "gateway_unreachable": N_("the gateway could not be reached"),
    "gateway_failed": N_("the gateway had a fault"),
    "gateway_error": N_("the gateway had a fault"),
    "gateway_timeout": N_("the gateway did not answer in time"),
    "gateway_broke_off": N_("the line broke before the gateway answered"),
    "no_receipt": N_("the gateway did not say what became of it"),
    "unreadable_answer": N_("the gateway's answer could not be read"),
    "adapter_failed": N_("a fault in Zamu while it was being sent"),
    "interrupted": N_("Zamu was stopped while it was being sent"),
}
UNLISTED = "unlisted_"
"""How codes begin that a gateway gave and nobody knows."""
REFUSED: Mapping[str, str] = {
    "not_failed": N_("it has not failed"),
    "was_taken": N_("the gateway took it, and may have sent it"),
    "changed_since": N_("something has changed since: it may no longer be true"),
    "out_of_time": N_("its time is over"),
}


def says(template: str) -> str:
    return _("Answer to an SMS") if template.startswith(REPLY) else _(SAYS[template])


def stands(status: str, error: str | None = None) -> str:
    """delivered, or: failed (no such phone number)."""
    said = _(STANDS[Status(status)])
    return f"{said} ({because(error)})" if error else said


def because(error: str) -> str:
    """Why it came to nothing, or why nobody knows; what a gateway's report calls in its own way is shown as it is."""
    if error.startswith(UNLISTED):
        return _("the gateway answered {code}").format(code=error.removeprefix(UNLISTED))
    return _(BECAUSE[error]) if error in BECAUSE else error
