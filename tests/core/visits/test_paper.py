"""What was done on paper is keyed in with its true time, once, and puts right what nobody knew."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from core.booking import commands
from core.booking.errors import NoSuchBooking
from core.booking.outcomes import Booked
from core.booking.serving import Paid
from core.booking.tables import Booking
from core.booking.upkeep import archive_past
from core.errors import Malformed
from core.messaging.tables import Message
from core.partners.reading import Place, documents_of
from core.tracking.counter import Application
from core.tracking.tables import Document, DocumentEvent
from core.visits.errors import Contradicted, TimeRefused
from core.visits.paper import Entry, Keyed, What, key_in
from core.visits.turning_away import Reason
from tests.core.booking.world import TUESDAY, an_hour, at_once, hours
from tests.core.visits.centre import ASHA, Centre

WEEK = tuple(hours(weekday, time(8), time(17)) for weekday in range(5))
APPLICATION = Application(proof="678", promised_on=date(2026, 12, 14), paid=Paid(1000, "A-17"))


def keys(centre: Centre, booked: Booked, what: What, at: datetime, *, key: str = "", **more: Any) -> Keyed:
    with centre.transaction() as db:
        return key_in(
            db,
            centre.register,
            Entry(booked.reference, what, at, **more),
            site=replace(centre.sites["GPO"], hours=WEEK),
            actor=ASHA,
            request_key=key or f"paper {next(centre.numbers)}",
            now=centre.now,
        )


def archives(centre: Centre) -> None:
    with centre.transaction() as db:
        archive_past(db, now=centre.now, limit=100)


def test_who_came_on_paper_came_then_and_the_record_says_when_it_was_keyed(centre: Centre) -> None:
    booked = centre.expects()
    centre.now = an_hour(15)
    assert not keys(centre, booked, What.CAME, an_hour(8, 5)).already
    assert centre.scalars(sa.select(Booking.came_at)) == [an_hour(8, 5)]
    [event] = centre.events("booking.checked_in")
    assert (event.at, event.details["keyed_at"], event.who) == (an_hour(8, 5), an_hour(15).isoformat(), "asha")
    assert keys(centre, booked, What.CAME, an_hour(8, 5)).already
    assert len(centre.events("booking.checked_in")) == 1


def test_served_on_paper_registers_the_application_of_that_day_and_tells_the_phone_now(centre: Centre) -> None:
    booked = centre.expects()
    centre.now = an_hour(15)
    keyed = keys(centre, booked, What.SERVED, an_hour(9), application=APPLICATION)
    [document] = centre.scalars(sa.select(Document))
    assert (document.tracking_number, document.created_at) == (keyed.tracking_number, an_hour(15))
    assert centre.scalars(sa.select(DocumentEvent.at)) == [an_hour(9)]
    [message] = centre.scalars(sa.select(Message).where(Message.template == "document_registered"))
    assert message.created_at == an_hour(15)
    [past] = centre.history()
    assert (past.outcome, past.ended_at, past.came_at) == ("served", an_hour(9), an_hour(9))
    [event] = centre.events("booking.served")
    assert (event.at, event.details["fee_kes"], event.details["receipt"]) == (an_hour(9), 1000, "A-17")
    again = keys(centre, booked, What.SERVED, an_hour(9), application=APPLICATION)
    assert (again.already, again.tracking_number) == (True, None)
    assert len(centre.scalars(sa.select(Document))) == 1


def test_an_agency_that_reads_on_finds_what_was_keyed_in_from_paper(centre: Centre) -> None:
    first, second = centre.expects(), centre.expects()
    service_id = centre.gpo().service.id
    centre.now = an_hour(14)
    keys(centre, first, What.SERVED, an_hour(9), application=APPLICATION)

    def reads(after: Place | None) -> list[Document]:
        later = centre.now + timedelta(minutes=5)
        with centre.transaction() as db:
            return documents_of(db, [service_id], since=None, after=after, limit=9, now=later)

    [known] = reads(None)
    centre.now = an_hour(15)
    keyed = keys(centre, second, What.SERVED, an_hour(8, 30), application=APPLICATION)
    assert [row.tracking_number for row in reads((known.stage_since, known.id))] == [keyed.tracking_number]


@pytest.mark.parametrize("came", [True, False])
def test_a_booking_filed_away_meanwhile_is_put_right_in_history(centre: Centre, came: bool) -> None:
    booked, other = centre.expects(), centre.expects()
    if came:
        centre.now = an_hour(8)
        centre.checks_in(other)
    centre.now = an_hour(10, day=TUESDAY + timedelta(days=2))
    archives(centre)
    assert {past.outcome for past in centre.history()} == ({"past", "not_come"} if came else {"past"})
    keyed = keys(centre, booked, What.SERVED, an_hour(9), application=APPLICATION)
    [past] = [past for past in centre.history() if past.reference == booked.reference]
    assert (past.outcome, past.ended_at, past.came_at) == ("served", an_hour(9), an_hour(9))
    [document] = centre.scalars(sa.select(Document))
    assert (document.tracking_number, document.contact_id) == (keyed.tracking_number, past.contact_id)
    assert document.owner_id == past.beneficiary_id
    assert len(centre.events("booking.served")) == 1
    assert keys(centre, booked, What.SERVED, an_hour(9), application=APPLICATION).already


def test_who_came_and_was_filed_away_as_missing_did_come(centre: Centre) -> None:
    booked = centre.expects()
    centre.now = an_hour(16)
    centre.misses(booked)
    assert not keys(centre, booked, What.CAME, an_hour(9)).already
    [past] = centre.history()
    assert (past.outcome, past.came_at) == ("past", an_hour(9))
    assert keys(centre, booked, What.CAME, an_hour(9)).already
    assert not keys(centre, booked, What.NOT_SERVED, an_hour(10), reason=Reason.SYSTEM_DOWN).already
    [past] = centre.history()
    assert (past.outcome, past.reason, past.came_at) == ("not_served", "system_down", an_hour(9))


def test_paper_does_not_overrule_what_was_recorded(centre: Centre) -> None:
    booked, cancelled = centre.expects(), centre.expects()
    [contact] = centre.scalars(sa.select(Booking.contact_id).where(Booking.reference == cancelled.reference))
    centre.does(commands.give_up, contact, reference=cancelled.reference)
    centre.now = an_hour(15)
    keys(centre, booked, What.NOT_SERVED, an_hour(9), reason=Reason.CLOSED_EARLY)
    with pytest.raises(Contradicted) as refused:
        keys(centre, booked, What.SERVED, an_hour(9))
    assert refused.value.outcome == "not_served"
    with pytest.raises(Contradicted):
        keys(centre, cancelled, What.CAME, an_hour(9))


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (an_hour(15, 1), "future"),
        (an_hour(7, 59), "before_opening"),
        (an_hour(9, day=TUESDAY - timedelta(days=1)), "another_day"),
        (an_hour(9, day=TUESDAY - timedelta(days=8)), "too_old"),
    ],
)
def test_a_time_that_cannot_be_is_refused_and_nothing_is_changed(centre: Centre, at: datetime, why: str) -> None:
    booked = centre.expects()
    centre.now = an_hour(15)
    with pytest.raises(TimeRefused) as refused:
        keys(centre, booked, What.SERVED, at)
    assert refused.value.why == why
    assert centre.history() == []


def test_another_centres_booking_and_an_unknown_one_are_not_found(centre: Centre) -> None:
    centre.gpo()
    elsewhere = centre.expects(centre.offering(site="MAK"))
    centre.now = an_hour(15)
    for booked in (elsewhere, replace(elsewhere, reference="48217092")):
        with pytest.raises(NoSuchBooking):
            keys(centre, booked, What.CAME, an_hour(9))


def test_an_application_that_cannot_be_leaves_all_as_it_was(centre: Centre) -> None:
    booked = centre.expects()
    centre.now = an_hour(15)
    with pytest.raises(Malformed):
        keys(centre, booked, What.SERVED, an_hour(9), application=Application(proof="x"))
    assert centre.history() == []
    assert not keys(centre, booked, What.SERVED, an_hour(9), key="same").already


@pytest.mark.parametrize("filed", [True, False])
def test_two_officers_who_key_the_same_line_at_once_enter_it_once(centre: Centre, filed: bool) -> None:
    booked = centre.expects()
    centre.now = an_hour(10, day=TUESDAY + timedelta(days=1)) if filed else an_hour(15)
    archives(centre)
    entered = at_once([partial(keys, centre, booked, What.SERVED, an_hour(9), application=APPLICATION)] * 4)
    assert sorted(line.already for line in entered) == [False, True, True, True]
    assert len(centre.scalars(sa.select(Document))) == 1


def test_keyed_while_the_clock_files_it_away_it_is_served_in_any_order(centre: Centre) -> None:
    booked = centre.expects()
    centre.now = an_hour(10, day=TUESDAY + timedelta(days=1))
    _, keyed = at_once([partial(archives, centre), partial(keys, centre, booked, What.SERVED, an_hour(9))])
    assert not keyed.already
    assert [past.outcome for past in centre.history()] == ["served"]
