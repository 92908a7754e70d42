"""The line of those who wait for an earlier place, and how a freed place goes to the first whom it suits.

A place is passed on in the transaction that frees it: the counters are locked
from the give-back to the commit, so that nobody can come between. It may stay
free (nobody waits for it, the capacity was lowered, the window has been
closed): then it is anybody's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.booking.errors import SlotFull
from core.booking.seats import Exchange, Seat, room_at, take_again
from core.booking.tables import WaitlistOffer
from core.clock import local_date
from core.db import Session
from core.messaging import outbox, questions, quiet
from core.messaging.tables import Lane
from core.people.audit import Actor, record_event

OFFER_MINUTES = 30
"""How long an offered place is held, counted from when its SMS leaves."""
TRAVEL = timedelta(hours=3)
"""A place that begins sooner than this after its SMS leaves is not offered: it has to be read, answered and reached."""
ZAMU = Actor("clock")


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first in line for a place, locked: with what the offer and its message need."""

    entry_id: int
    contact_id: int
    language: str
    starts_at: datetime
    service: str
    site: str


def settle(db: Session, exchange: Exchange, *, now: datetime) -> None:
    """Change the counters for a command, and pass on what it leaves.

    Raises:
        SlotFull: no room is left for what the command takes, or somebody in line goes before it.
    """
    exchange.settle(db)
    pass_on_left(db, exchange, now=now)


def pass_on_left(db: Session, exchange: Exchange, *, now: datetime) -> None:
    """Pass on what an exchange that has been settled leaves.

    Raises:
        SlotFull: somebody in line goes before who has taken a place.
    """
    for seat in _waited_for(db, (exchange.left + exchange.freed).elements(), now=now):
        full = [key for key, room in room_at(db, seat).items() if room < 1]
        if not full:
            if offer_to_first(db, seat, [seat.starts_at], now=now):
                take_again(db, seat)
            continue
        overtaken = seat in exchange.freed and all(exchange.taken_of(key) for key in full)
        if overtaken and first_in_line(db, seat, [seat.starts_at]):
            # But for this command there would be room: who waits goes before who comes. The sweep will see to it.
            raise SlotFull


def pass_on(db: Session, seats: Iterable[Seat], *, now: datetime) -> None:
    """Give seats back, each to the first in line whom it suits, or to whoever comes."""
    exchange = Exchange()
    exchange.give_back(seats)
    settle(db, exchange, now=now)


def sms_leaves_at(now: datetime) -> datetime:
    """At once, or in the morning: nobody is woken for an earlier place, which is held from then on."""
    return quiet.wakes_at(Lane.NOTICE, now)


def first_in_line(db: Session, seat: Seat, starts: Sequence[datetime]) -> Waiting | None:
    """Who has waited longest of those whom one of these times of an offering suits, with the earliest that does.

    `seat` says which offering and site. The entry is locked; one that somebody
    else is changing at this moment is passed over, never waited for.
    """
    asked = {"starts": list(starts), "days": [local_date(start) for start in starts]}
    row = db.execute(_FIRST, {"offering": seat.offering_id, "site": seat.site_id} | asked).one_or_none()
    return None if row is None else Waiting(*row)


def offer_to_first(db: Session, seat: Seat, starts: Sequence[datetime], *, now: datetime) -> datetime | None:
    """Offer one of these times to the first in line: the caller takes the seat of that returned. None suits nobody."""
    while first := first_in_line(db, seat, starts):
        if _offer(db, first, seat.offering_id, now=now):
            return first.starts_at
        # Another transaction has offered them a place in between: the next look sees it.
    return None


def _offer(db: Session, first: Waiting, offering_id: int, *, now: datetime) -> bool:
    """Write the offer and its SMS. False if they have another."""
    leaves_at = sms_leaves_at(now)
    expires_at = leaves_at + timedelta(minutes=OFFER_MINUTES)
    offer_id = db.scalar(
        insert(WaitlistOffer)
        .values(
            entry_id=first.entry_id,
            offering_id=offering_id,
            starts_at=first.starts_at,
            offered_at=now,
            expires_at=expires_at,
        )
        .on_conflict_do_nothing()
        .returning(WaitlistOffer.id)
    )
    if offer_id is None:
        return False
    message = outbox.write(
        db,
        person_id=first.contact_id,
        lane=Lane.INTERACTIVE,
        template="waitlist_offer",
        arguments={
            "service": first.service,
            "site": first.site,
            "starts_at": first.starts_at.isoformat(),
            "until": expires_at.isoformat(),
        },
        language=first.language,
        subject=offer_subject(offer_id),
        valid_until=expires_at,
        now=now,
        asked_for=True,
        not_before=leaves_at,
    )
    # It stays a question for as long as the place could be: a late YES or NO must not be taken for the answer to an
    # older one.
    questions.ask(db, message, questions.Kind.WAITLIST_OFFER, expires_at=first.starts_at, offer_id=offer_id)
    details = {"entry_id": first.entry_id, "offering_id": offering_id, "starts_at": first.starts_at.isoformat()}
    record_event(db, "waitlist.offered", offer_subject(offer_id), actor=ZAMU, now=now, **details)
    return True


def entry_subject(entry_id: int) -> str:
    """How events and messages name somebody's place in the line."""
    return f"waitlist_entry:{entry_id}"


def offer_subject(offer_id: int) -> str:
    """How events and messages name an offer."""
    return f"waitlist_offer:{offer_id}"


def _waited_for(db: Session, seats: Iterable[Seat], *, now: datetime) -> list[Seat]:
    """Those of the seats that may be offered, and that anybody waits for: one query, all that most callers cost."""
    soonest = sms_leaves_at(now) + TRAVEL
    ahead = sorted(
        (seat for seat in seats if seat.starts_at >= soonest), key=lambda seat: (seat.starts_at, seat.offering_id)
    )
    if not ahead:
        return []
    days: list[date] = [local_date(seat.starts_at) for seat in ahead]
    wanted = db.scalars(
        _WAITED_FOR,
        {
            "offerings": [seat.offering_id for seat in ahead],
            "starts": [seat.starts_at for seat in ahead],
            "days": days,
            "told_at": sms_leaves_at(now),
        },
    )
    return [ahead[nth - 1] for nth in wanted]


_WAITED_FOR = sa.text("""
    SELECT freed.nth
    FROM unnest(CAST(:offerings AS int[]), CAST(:starts AS timestamptz[]), CAST(:days AS date[]))
         WITH ORDINALITY AS freed (offering_id, starts_at, day, nth)
    JOIN offerings offering ON offering.id = freed.offering_id
    JOIN sites site ON site.id = offering.site_id
    WHERE EXISTS (
            SELECT FROM waitlist_entries entry
            WHERE entry.ended_at IS NULL AND entry.service_id = offering.service_id
              AND offering.site_id = ANY (entry.site_ids)
              AND freed.day BETWEEN entry.first_day AND entry.last_day)
      AND offering.open
      AND freed.starts_at >= :told_at + make_interval(mins => offering.lead_minutes)
      AND freed.day >= coalesce(site.opens_on, freed.day) AND freed.day <= coalesce(site.closes_on, freed.day)
      AND NOT EXISTS (SELECT FROM holiday_overrides shut WHERE shut.day = freed.day AND shut.closed)
      AND NOT EXISTS (
            SELECT FROM closures shut
            WHERE shut.site_id = offering.site_id
              AND (shut.offering_id IS NULL OR shut.offering_id = offering.id)
              AND shut.counters IS NULL AND shut.lifted_at IS NULL
              AND shut.starts_at < freed.starts_at + make_interval(mins => site.window_minutes)
              AND freed.starts_at < shut.ends_at)
    ORDER BY freed.nth
""")
"""What can have shut a window since somebody was given a place in it. Its grid and hours were right then."""

_FIRST = sa.text("""
    SELECT entry.id, entry.contact_id, entry.language, slot.starts_at, service.code, site.code
    FROM waitlist_entries entry
    JOIN people contact ON contact.id = entry.contact_id
    JOIN offerings offering ON offering.id = :offering AND offering.service_id = entry.service_id
    JOIN services service ON service.id = entry.service_id
    JOIN sites site ON site.id = :site
    CROSS JOIN LATERAL (
        SELECT asked.starts_at
        FROM unnest(CAST(:starts AS timestamptz[]), CAST(:days AS date[])) AS asked (starts_at, day)
        WHERE asked.day BETWEEN entry.first_day AND entry.last_day
          AND NOT EXISTS (
                SELECT FROM waitlist_offers before
                WHERE before.entry_id = entry.id AND before.offering_id = :offering
                  AND before.starts_at = asked.starts_at AND before.outcome IN ('declined', 'silent'))
          AND (entry.booking_id IS NULL OR EXISTS (
                SELECT FROM bookings later
                WHERE later.id = entry.booking_id AND later.starts_at > asked.starts_at))
          AND NOT EXISTS (
                SELECT FROM bookings has
                WHERE has.service_id = entry.service_id AND has.beneficiary_id = entry.beneficiary_id
                  AND (has.starts_at <= asked.starts_at OR has.contact_id <> entry.contact_id))
        ORDER BY asked.starts_at
        LIMIT 1
    ) slot
    WHERE entry.ended_at IS NULL
      AND :site = ANY (entry.site_ids)
      AND NOT EXISTS (
            SELECT FROM waitlist_offers still WHERE still.entry_id = entry.id AND still.outcome IS NULL)
      AND (contact.opted_out_at IS NULL OR contact.opted_out_at < entry.created_at)
    ORDER BY entry.created_at, entry.id
    LIMIT 1
    FOR UPDATE OF entry SKIP LOCKED
""")
"""Who said STOP after joining is passed over until they say START."""
