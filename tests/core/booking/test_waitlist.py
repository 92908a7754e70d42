"""SMS me if earlier: who is offered what, and what becomes of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.booking import commands, waitlist
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import AlreadyBooked, NoSuchBooking, NotOffered, OfferOver, SlotFull, TooManyWaits
from core.booking.serving import serve
from core.booking.tables import Booking, Counted, Hold, WaitlistEntry, WaitlistOffer
from core.booking.upkeep import archive_past, free_expired_holds
from core.catalogue import tables as rows
from core.messaging import consent
from core.messaging.tables import Message, Question, Status
from core.people.audit import Actor
from core.people.tables import Event, Person
from tests.core.booking.world import TUESDAY, World, an_hour, change_capacity

WEDNESDAY = TUESDAY + timedelta(days=1)
THURSDAY = TUESDAY + timedelta(days=2)
AT = an_hour(8)


def full(world: World, seats: int = 1):
    """An offering whose Tuesday 8:00 is taken, with the phone and the booking that have it."""
    offering = world.offering(seats=seats)
    phone = world.phone()
    return offering, phone, world.confirms(phone, offering, AT)


def only(world: World, table):
    [row] = world.scalars(sa.select(table))
    return row


def test_a_place_given_up_is_offered_to_the_first_in_line_and_to_nobody_else(world: World) -> None:
    offering, owner, booked = full(world)
    first, second = world.phone(), world.phone()
    for phone in (first, second):
        world.waits(phone, offering)
        world.later(seconds=1)
    world.gives_up(owner, booked)
    assert world.offered() == [first]
    with pytest.raises(SlotFull):
        world.holds(world.phone(), offering, AT)


def test_the_offer_is_told_at_once_and_asks(world: World) -> None:
    offering, owner, booked = full(world)
    phone = world.phone()
    world.waits(phone, offering)
    world.gives_up(owner, booked)
    [offer] = world.offers()
    [told] = world.scalars(sa.select(Message).where(Message.template == "waitlist_offer"))
    assert (told.person_id, told.lane, told.asked_for) == (phone, "interactive", True)
    assert told.not_before == world.now
    assert told.valid_until == offer.expires_at == world.now + timedelta(minutes=30)
    asked = only(world, Question)
    assert (asked.kind, asked.arguments, asked.message_id) == ("waitlist_offer", {"offer_id": offer.id}, told.id)
    assert asked.expires_at == AT


def released(world: World, offering) -> None:
    phone = world.phone()
    world.holds(phone, offering, an_hour(9))
    world.releases(phone, offering, an_hour(9))


def hold_changed(world: World, offering) -> None:
    phone = world.phone()
    world.holds(phone, offering, an_hour(9))
    world.holds(phone, offering, an_hour(9, day=THURSDAY))


def hold_expired(world: World, offering) -> None:
    world.holds(world.phone(), offering, an_hour(9))
    world.later(minutes=6)
    with world.transaction() as db:
        free_expired_holds(db, now=world.now, limit=10)


def moved_away(world: World, offering) -> None:
    phone = world.phone()
    booked = world.confirms(phone, offering, an_hour(9))
    world.does(commands.move, phone, reference=booked.reference, offering=offering, starts_at=an_hour(9, day=THURSDAY))


def moved_within_the_day(world: World, offering) -> None:
    phone = world.phone()
    booked = world.confirms(phone, offering, an_hour(9))
    world.does(commands.move, phone, reference=booked.reference, offering=offering, starts_at=an_hour(15))


def served_before_the_day(world: World, offering) -> None:
    booked = world.confirms(world.phone(), offering, an_hour(9))
    with world.transaction() as db:
        serve(db, Actor("desk", who="asha"), reference=booked.reference, now=world.now)


@pytest.mark.parametrize(
    "free", [released, hold_changed, hold_expired, moved_away, moved_within_the_day, served_before_the_day]
)
def test_a_place_is_passed_on_however_it_is_freed(world: World, free) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    world.waits(phone, offering)
    free(world, offering)
    assert world.offered() == [phone]
    assert world.offers()[0].starts_at == an_hour(9)


def test_taking_it_without_a_booking_books_it(world: World) -> None:
    offering, owner, booked = full(world)
    phone, person = world.phone(), world.person()
    world.waits(phone, offering, person)
    world.gives_up(owner, booked)
    taken = world.accepts(phone, world.offers()[0].id)
    booking = only(world, Booking)
    assert (booking.id, booking.contact_id, booking.beneficiary_id) == (taken.id, phone, person.person_id)
    assert booking.starts_at == AT
    assert only(world, WaitlistEntry).outcome == "taken"
    assert world.offers() == []
    told = sa.select(Message.template).where(Message.person_id == phone).order_by(Message.id)
    assert world.scalars(told)[-1] == "booking_confirmed"


def test_taking_it_beside_a_later_booking_moves_that_and_offers_its_place_on(world: World) -> None:
    offering, owner, booked = full(world)
    phone, next_in_line = world.phone(), world.phone()
    later = world.confirms(phone, offering, an_hour(10, day=THURSDAY), world.person())
    world.waits(phone, offering, booking=later.reference, last_day=THURSDAY)
    world.later(seconds=1)
    world.waits(next_in_line, offering, first_day=WEDNESDAY, last_day=THURSDAY)
    world.gives_up(owner, booked)
    taken = world.accepts(phone, world.offers()[0].id)
    assert (taken.id, taken.reference, taken.starts_at) == (later.id, later.reference, AT)
    assert world.scalars(sa.select(Booking.starts_at)) == [AT]
    assert world.offered() == [next_in_line]
    assert world.offers()[0].starts_at == an_hour(10, day=THURSDAY)


def test_somebody_who_booked_later_after_joining_keeps_one_booking(world: World) -> None:
    offering, owner, booked = full(world)
    phone, person = world.phone(), world.person()
    world.waits(phone, offering, person)
    later = world.confirms(phone, offering, an_hour(10, day=THURSDAY), person)
    world.gives_up(owner, booked)
    assert world.accepts(phone, world.offers()[0].id).reference == later.reference
    assert world.scalars(sa.select(Booking.starts_at)) == [AT]


def test_leaving_it_passes_it_on_and_keeps_the_place_in_the_line(world: World) -> None:
    offering, owner, booked = full(world)
    first, second = world.phone(), world.phone()
    for phone in (first, second):
        world.waits(phone, offering)
        world.later(seconds=1)
    other_owner = world.phone()
    other = world.confirms(other_owner, offering, an_hour(9))
    world.gives_up(owner, booked)
    world.declines(first, world.offers()[0].id)
    assert world.offered() == [second]
    world.gives_up(other_owner, other)
    assert world.offered() == [second, first]


def test_a_place_that_everybody_left_is_anybodys(world: World) -> None:
    offering, owner, booked = full(world)
    phone = world.phone()
    world.waits(phone, offering)
    world.gives_up(owner, booked)
    world.declines(phone, world.offers()[0].id)
    assert world.offers() == []
    world.tends()
    assert [o.starts_at for o in world.offers() if o.starts_at == AT] == []
    world.confirms(world.phone(), offering, AT)


def told(world: World) -> None:
    """The SMS of all offers have left."""
    with world.transaction() as db:
        db.execute(sa.update(Message).where(Message.template == "waitlist_offer").values(status=Status.SENT))


def test_silence_passes_it_on_and_the_second_one_ends_the_waiting(world: World) -> None:
    offering, first, second = world.offering(seats=1), world.phone(), world.phone()
    owners = [(p := world.phone(), world.confirms(p, offering, an_hour(hour))) for hour in (8, 9)]
    for phone in (first, second):
        world.waits(phone, offering)
        world.later(seconds=1)
    for nth, owner in enumerate(owners):
        world.gives_up(*owner)
        assert world.offered()[-1] == first
        told(world)
        world.later(minutes=31)
        with world.transaction() as db:
            waitlist.tend(db, world.catalogue, now=world.now, limit=1)
        assert world.offered() == [second]
        assert world.scalars(sa.select(WaitlistEntry.silences).where(WaitlistEntry.contact_id == first)) == [nth + 1]
        world.declines(second, world.offers()[0].id)
    assert world.scalars(sa.select(WaitlistEntry.outcome).where(WaitlistEntry.contact_id == first)) == ["silent"]
    assert "waitlist_silent" in world.scalars(sa.select(Message.template).where(Message.person_id == first))


def test_an_offer_whose_sms_never_left_is_nobodys_silence(world: World) -> None:
    offering, first, second = world.offering(seats=1), world.phone(), world.phone()
    owners = [(p := world.phone(), world.confirms(p, offering, an_hour(hour))) for hour in (8, 9, 10)]
    for phone in (first, second):
        world.waits(phone, offering)
        world.later(seconds=1)
    for owner in owners:
        world.gives_up(*owner)
        world.later(minutes=31)
        with world.transaction() as db:
            waitlist.tend(db, world.catalogue, now=world.now, limit=1)
        assert world.offered() == [second]
        world.declines(second, world.offers()[0].id)
    assert world.scalars(sa.select(WaitlistEntry.silences)) == [0, 0]
    assert "waitlist_silent" not in world.scalars(sa.select(Message.template))


def test_a_stop_at_night_keeps_the_offer_of_the_morning_from_leaving(world: World) -> None:
    offering, owner, phone = world.offering(seats=1), world.phone(), world.phone()
    booked = world.confirms(owner, offering, an_hour(11))
    world.waits(phone, offering)
    world.now = an_hour(22, day=TUESDAY - timedelta(days=1))
    world.gives_up(owner, booked)
    assert world.offered() == [phone]
    with world.transaction() as db:
        consent.opt_out(db, phone, channel="sms", now=world.now)
    [offer] = world.scalars(sa.select(Message).where(Message.template == "waitlist_offer"))
    assert (offer.status, offer.error) == ("withheld", "opted_out")
    assert world.scalars(sa.select(Message.status).where(Message.template == "waitlist_joined")) == ["pending"]


def test_who_has_left_the_line_is_not_told_any_more_that_they_wait(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    waits = world.waits(phone, offering)
    world.does(waitlist.leave, phone, entry_id=waits.entry_id)
    assert only(world, Message).error == "no_longer_true"


def test_a_late_yes_is_refused_and_stays_in_line(world: World) -> None:
    offering, owner, booked = full(world)
    phone = world.phone()
    world.waits(phone, offering)
    world.gives_up(owner, booked)
    [offer] = world.offers()
    world.later(minutes=30)
    with pytest.raises(OfferOver):
        world.accepts(phone, offer.id)
    assert only(world, WaitlistEntry).ended_at is None
    world.tends()
    with pytest.raises(OfferOver):
        world.accepts(phone, offer.id)
    with pytest.raises(OfferOver):
        world.declines(phone, offer.id)


def test_another_phone_cannot_answer(world: World) -> None:
    offering, owner, booked = full(world)
    world.waits(world.phone(), offering)
    world.gives_up(owner, booked)
    for answers in (world.accepts, world.declines):
        with pytest.raises(OfferOver):
            answers(world.phone(), world.offers()[0].id)
    assert len(world.offers()) == 1


@pytest.mark.parametrize("command", ["accepts", "declines"])
def test_an_answer_repeated_gets_its_first_outcome(world: World, command: str) -> None:
    offering, owner, booked = full(world)
    phone = world.phone()
    world.waits(phone, offering)
    world.gives_up(owner, booked)
    offer_id = world.offers()[0].id
    first = getattr(world, command)(phone, offer_id, request_key="key")
    left = len(world.scalars(sa.select(Event.id)))
    world.later(hours=3)
    assert getattr(world, command)(phone, offer_id, request_key="key") == first
    assert len(world.scalars(sa.select(Event.id))) == left


@pytest.mark.parametrize(
    ("hour", "leaves", "until"),
    [
        ((19, 59), an_hour(19, 59, day=TUESDAY), an_hour(20, 29, day=TUESDAY)),
        ((20, 0), an_hour(7, day=WEDNESDAY), an_hour(7, 30, day=WEDNESDAY)),
        ((23, 0), an_hour(7, day=WEDNESDAY), an_hour(7, 30, day=WEDNESDAY)),
        ((3, 0), an_hour(7, day=TUESDAY), an_hour(7, 30, day=TUESDAY)),
    ],
)
def test_at_night_nobody_is_woken_and_the_place_waits_for_the_morning(world: World, hour, leaves, until) -> None:
    offering = world.offering(seats=1)
    owner, phone = world.phone(), world.phone()
    booked = world.confirms(owner, offering, an_hour(12, day=THURSDAY))
    world.waits(phone, offering, last_day=THURSDAY)
    world.now = an_hour(*hour, day=TUESDAY)
    world.gives_up(owner, booked)
    [offer] = world.offers()
    [told] = world.scalars(sa.select(Message).where(Message.template == "waitlist_offer"))
    assert (told.not_before, offer.expires_at) == (leaves, until)


def test_a_place_that_begins_within_three_hours_of_its_sms_is_anybodys(world: World) -> None:
    offering = world.offering(seats=1)
    for hour in (9, 10, 11):
        owner = world.phone()
        booked = world.confirms(owner, offering, an_hour(hour))
        world.waits(world.phone(), offering)
        before, world.now = world.now, an_hour(3)
        world.gives_up(owner, booked)
        world.now = before
    assert [o.starts_at for o in world.offers()] == [an_hour(10), an_hour(11)]


def test_no_place_of_a_lowered_window_is_handed_on(world: World) -> None:
    offering, owner, booked = full(world, seats=2)
    world.confirms(world.phone(), offering, AT)
    world.waits(world.phone(), offering)
    with world.transaction() as db:
        change_capacity(db, counted=Counted.OFFERING, owner_id=offering.id, places=1, now=world.now)
    world.gives_up(owner, booked)
    assert world.offers() == []


def test_a_mover_needs_no_more_room_because_somebody_waits(world: World) -> None:
    """The day is full: what the mover leaves at 8:00 is the place that they have at 9:00."""
    offering = world.offering(seats=4, daily_quota=1)
    phone = world.phone()
    booked = world.confirms(phone, offering, AT)
    world.waits(world.phone(), offering)
    world.does(commands.move, phone, reference=booked.reference, offering=offering, starts_at=an_hour(9))
    assert world.offers() == []


def closure(world: World, offering, db) -> None:
    db.add(rows.Closure(site_id=offering.site.id, starts_at=an_hour(7), ends_at=an_hour(12), reason="no power"))


def holiday(world: World, offering, db) -> None:
    db.add(rows.HolidayOverride(day=TUESDAY, closed=True, reason="decreed"))


def closed(world: World, offering, db) -> None:
    db.execute(sa.update(rows.Offering).values(open=False))


@pytest.mark.parametrize("shut", [closure, holiday, closed])
def test_a_place_in_a_window_that_has_been_shut_is_not_offered(world: World, shut) -> None:
    offering, owner, booked = full(world)
    world.waits(world.phone(), offering)
    with world.transaction() as db:
        shut(world, offering, db)
    world.gives_up(owner, booked)
    assert world.offers() == []


def test_who_waits_goes_before_who_comes_when_a_hold_runs_out(world: World) -> None:
    offering = world.offering(seats=1)
    phone = world.phone()
    world.waits(phone, offering)
    world.holds(world.phone(), offering, AT)
    world.later(minutes=6)
    with pytest.raises(SlotFull):
        world.holds(world.phone(), offering, AT)
    with world.transaction() as db:
        free_expired_holds(db, now=world.now, limit=10)
    assert world.offered() == [phone]


def test_a_caller_who_comes_elsewhere_passes_expired_holds_on(world: World) -> None:
    offering = world.offering(seats=1)
    phone = world.phone()
    world.waits(phone, offering)
    world.holds(world.phone(), offering, AT)
    world.later(minutes=6)
    world.holds(world.phone(), offering, an_hour(9))
    assert world.offered() == [phone]


def test_a_returning_caller_has_their_own_time_again_whoever_waits(world: World) -> None:
    offering, caller = world.offering(seats=1), world.phone()
    world.waits(world.phone(), offering)
    world.holds(caller, offering, AT)
    world.later(minutes=6)
    world.holds(caller, offering, AT)
    assert (world.offers(), len(world.scalars(sa.select(Hold)))) == ([], 1)


@pytest.mark.parametrize(
    ("what", "span"),
    [
        ("other days", {"first_day": WEDNESDAY, "last_day": THURSDAY}),
        ("another centre", {"sites": ["MAK"]}),
    ],
)
def test_a_place_that_does_not_fit_is_not_offered(world: World, what: str, span) -> None:
    offering, owner, booked = full(world)
    elsewhere = world.offering(site="MAK")
    if "sites" in span:
        span = {"sites": [elsewhere.site]}
    world.waits(world.phone(), offering, **span)
    world.gives_up(owner, booked)
    assert world.offers() == []


def test_who_said_stop_is_passed_over_until_they_say_start(world: World) -> None:
    offering, owner, booked = full(world)
    stopped, second = world.phone(), world.phone()
    world.waits(stopped, offering)
    world.later(seconds=1)
    world.waits(second, offering)
    with world.transaction() as db:
        db.execute(sa.update(Person).where(Person.id == stopped).values(opted_out_at=world.now))
    world.gives_up(owner, booked)
    assert world.offered() == [second]


def test_who_joins_again_after_a_stop_is_in_line_from_then_on(world: World) -> None:
    offering, owner, booked = full(world)
    stopped = world.phone()
    world.waits(stopped, offering)
    world.later(seconds=1)
    with world.transaction() as db:
        db.execute(sa.update(Person).where(Person.id == stopped).values(opted_out_at=world.now))
    world.later(seconds=1)
    world.waits(stopped, offering)
    assert only(world, WaitlistEntry).created_at == world.now
    world.gives_up(owner, booked)
    assert world.offered() == [stopped]


def test_joining_again_changes_nothing_and_keeps_the_place_in_the_line(world: World) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    first = world.waits(phone, offering)
    world.later(minutes=5)
    told = len(world.scalars(sa.select(Message.id)))
    assert world.waits(phone, offering) == first
    assert len(world.scalars(sa.select(Message.id))) == told
    wider = world.waits(phone, offering, last_day=THURSDAY)
    entry = only(world, WaitlistEntry)
    assert (wider.entry_id, wider.last_day, entry.last_day) == (first.entry_id, THURSDAY, THURSDAY)
    assert entry.created_at < world.now


def test_waiting_beside_a_booking_ends_the_day_before_it_and_takes_over_the_earlier_wait(world: World) -> None:
    offering, phone, person = world.offering(seats=1), world.phone(), world.person()
    before = world.waits(phone, offering, person)
    booked = world.confirms(phone, offering, an_hour(10, day=THURSDAY), person)
    waits = world.waits(phone, offering, person, booking=booked.reference, last_day=THURSDAY)
    assert (waits.entry_id, waits.last_day) == (before.entry_id, WEDNESDAY)
    assert only(world, WaitlistEntry).booking_id == booked.id


def test_a_phone_waits_in_so_many_lines_and_no_more(world: World) -> None:
    phone, offering = world.phone(), world.offering()
    for _ in range(waitlist.MAX_WAITS_A_PHONE):
        world.waits(phone, offering, world.person())
    with pytest.raises(TooManyWaits):
        world.waits(phone, offering, world.person())


def test_what_cannot_be_waited_for_is_refused(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    booked = world.confirms(phone, offering, an_hour(14))
    with pytest.raises(NotOffered):
        world.waits(phone, offering, last_day=TUESDAY - timedelta(days=2))
    with pytest.raises(NotOffered):
        world.waits(phone, world.offering("IDN"), booking=booked.reference)
    with pytest.raises(NoSuchBooking):
        world.waits(world.phone(), offering, booking=booked.reference)
    assert world.scalars(sa.select(WaitlistEntry)) == []


def test_leaving_the_line_frees_what_is_on_offer_and_unsays_it(world: World) -> None:
    offering, owner, booked = full(world)
    first, second = world.phone(), world.phone()
    waits = world.waits(first, offering)
    world.later(seconds=1)
    world.waits(second, offering)
    world.gives_up(owner, booked)
    world.does(waitlist.leave, second, entry_id=waits.entry_id)
    assert world.offered() == [first], "another phone's entry stays"
    world.does(waitlist.leave, first, entry_id=waits.entry_id)
    assert world.offered() == [second]
    said = world.scalars(sa.select(Message.status).where(Message.template == "waitlist_offer").order_by(Message.id))
    assert said == [Status.WITHHELD, Status.PENDING]


@pytest.mark.parametrize("ends", ["given up", "served"])
def test_the_end_of_a_booking_ends_the_waiting_beside_it_and_frees_both_places(world: World, ends: str) -> None:
    offering, owner, booked = full(world)
    phone, next_in_line = world.phone(), world.phone()
    later = world.confirms(phone, offering, an_hour(10, day=THURSDAY))
    world.waits(phone, offering, booking=later.reference, last_day=THURSDAY)
    world.gives_up(owner, booked)
    world.waits(next_in_line, offering, last_day=TUESDAY)
    if ends == "served":
        with world.transaction() as db:
            serve(db, Actor("desk", who="asha"), reference=later.reference, now=world.now)
    else:
        world.gives_up(phone, later)
    assert world.offered() == [next_in_line]
    ended = world.scalars(sa.select(WaitlistEntry.outcome).where(WaitlistEntry.contact_id == phone))
    assert ended == ["booking_over"]


def test_moving_a_booking_before_the_place_on_offer_withdraws_the_offer(world: World) -> None:
    offering, owner, booked = full(world)
    phone = world.phone()
    later = world.confirms(phone, offering, an_hour(10, day=THURSDAY))
    world.waits(phone, offering, booking=later.reference, last_day=THURSDAY)
    world.gives_up(owner, booked)
    world.now = an_hour(5, day=TUESDAY - timedelta(days=1))
    monday = an_hour(9, day=TUESDAY - timedelta(days=1))
    world.does(commands.move, phone, reference=later.reference, offering=offering, starts_at=monday)
    assert only(world, WaitlistOffer).outcome == "withdrawn"


def test_a_person_booked_by_another_phone_meanwhile_is_not_booked_twice(world: World) -> None:
    offering, owner, booked = full(world)
    phone, person = world.phone(), world.person()
    world.waits(phone, offering, person)
    world.gives_up(owner, booked)
    world.confirms(world.phone(), offering, an_hour(10), person)
    with pytest.raises(AlreadyBooked):
        world.accepts(phone, world.offers()[0].id)
    assert len(world.offers()) == 1


def test_waiting_ends_with_its_days_or_with_its_booking(world: World) -> None:
    offering, phone, other = world.offering(seats=1), world.phone(), world.phone()
    booked = world.confirms(phone, offering, an_hour(10, day=WEDNESDAY))
    world.waits(phone, offering, booking=booked.reference, last_day=THURSDAY)
    world.waits(other, offering)
    world.confirms(world.phone(), world.offering("IDN"), AT)
    world.now = an_hour(12, day=THURSDAY)
    with world.transaction() as db:
        archive_past(db, now=world.now, limit=10)
    assert world.tends() == 2
    outcomes = world.scalars(sa.select(WaitlistEntry.outcome).order_by(WaitlistEntry.id))
    assert outcomes == ["past", "past"]
    told = world.scalars(sa.select(Message.person_id).where(Message.template == "waitlist_over"))
    assert told == [other], "who had a booking needs no telling"


def test_places_that_are_free_by_other_means_are_offered_in_line_order(world: World) -> None:
    offering = world.offering(seats=1, daily_quota=1)
    world.confirms(world.phone(), offering, AT)
    phones = [world.phone() for _ in range(3)]
    for phone in phones:
        world.waits(phone, offering, first_day=TUESDAY)
        world.later(seconds=1)
    assert world.tends() == 0
    with world.transaction() as db:
        change_capacity(db, counted=Counted.DAY, owner_id=offering.id, places=3, now=world.now)
    assert world.tends() == 2
    assert world.offered() == phones[:2]
    assert [o.starts_at for o in world.offers()] == [an_hour(8, 30), an_hour(9)]
    assert world.tends() == 0


def test_the_beneficiary_of_a_wait_beside_a_booking_is_the_bookings(world: World) -> None:
    offering, phone, person = world.offering(seats=1), world.phone(), world.person()
    booked = world.confirms(phone, offering, an_hour(10, day=THURSDAY), person)
    world.waits(phone, offering, Beneficiary(), booking=booked.reference, last_day=THURSDAY)
    assert only(world, WaitlistEntry).beneficiary_id == person.person_id
