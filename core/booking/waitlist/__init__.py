"""SMS me if earlier: waiting for an earlier place, alone or beside a later booking.

What a phone can do is `join`, `leave`, `accept` and `decline`; the clock does
`tend`. Who gets a freed place, and when, is written in `line`. As with all
commands: a refusal changes nothing, a repeated request key gets the first
outcome, and the caller commits.
"""

from core.booking.waitlist.answering import accept, decline
from core.booking.waitlist.joining import MAX_WAITS_A_PHONE, Waits, is_waiting, join, leave
from core.booking.waitlist.tending import tend

__all__ = ["MAX_WAITS_A_PHONE", "Waits", "accept", "decline", "is_waiting", "join", "leave", "tend"]
