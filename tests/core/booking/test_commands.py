"""What each command does and refuses, one caller at a time."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.booking import commands, queries
from core.booking.beneficiaries import MAX_LIVE_A_PHONE, MAX_UNIDENTIFIED_A_PHONE, Beneficiary
from core.booking.errors import (
    AlreadyBooked,
    HoldExpired,
    NoSuchBooking,
    NotOffered,
    SlotFull,
    TooManyBookings,
)
from core.booking.tables import Booking, BookingHistory, Counted, Hold
from core.messaging.limits import TooManySms
from core.messaging.tables import Lane, Message
from core.people.tables import Event
from tests.core.booking.world import TUESDAY, World, an_hour


def test_a_hold_becomes_a_booking_on_the_same_seat(world: World) -> None:
    offering, phone, person = world.offering(), world.phone(), world.person()
    held = world.holds(phone, offering, an_hour(8))
    assert held.expires_at == world.now + timedelta(minutes=5)

    booked = world.confirms(phone, offering, an_hour(8), person)

    assert world.taken(Counted.OFFERING, offering.id, an_hour(8)) == 1
    assert world.scalars(sa.select(Hold)) == []
    [booking] = world.scalars(sa.select(Booking))
    assert (booking.reference, booking.beneficiary_id) == (booked.reference, person.person_id)
    assert booking.beneficiary_no is None


def test_a_booking_queues_its_confirmation_and_leaves_a_trace(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    booked = world.confirms(phone, offering, an_hour(8))

    [message] = world.scalars(sa.select(Message))
    assert (message.person_id, message.lane, message.template) == (phone, Lane.INTERACTIVE, "booking_confirmed")
    assert message.valid_until == an_hour(8)
    assert message.arguments == {
        "service": "IDR",
        "site": "GPO",
        "starts_at": booked.starts_at.isoformat(),
        "reference": booked.reference,
    }
    [event] = world.scalars(sa.select(Event))
    assert (event.name, event.subject, event.actor_id) == ("booking.confirmed", f"booking:{booked.id}", phone)


def test_a_phone_holds_one_place_and_a_new_one_replaces_it(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    world.holds(phone, offering, an_hour(8))
    world.holds(phone, offering, an_hour(9))
    assert world.taken(Counted.OFFERING, offering.id, an_hour(8)) == 0
    assert world.taken(Counted.OFFERING, offering.id, an_hour(9)) == 1
    assert world.taken(Counted.DAY, offering.id, an_hour(0)) == 1


def test_holding_the_same_place_again_keeps_it_longer_and_takes_no_other_seat(world: World) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    world.holds(phone, offering, an_hour(8))
    world.later(minutes=4)
    assert world.holds(phone, offering, an_hour(8)).expires_at == world.now + timedelta(minutes=5)
    assert world.taken(Counted.OFFERING, offering.id, an_hour(8)) == 1


def test_an_expired_hold_that_nobody_needed_is_taken_again(world: World) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    world.holds(phone, offering, an_hour(8))
    world.later(minutes=6)
    assert world.holds(phone, offering, an_hour(8)).expires_at == world.now + timedelta(minutes=5)


def test_a_full_window_is_refused_and_the_old_hold_stays(world: World) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    world.confirms(world.phone(), offering, an_hour(9))
    world.holds(phone, offering, an_hour(8))
    with pytest.raises(SlotFull):
        world.holds(phone, offering, an_hour(9))
    [hold] = world.scalars(sa.select(Hold))
    assert hold.starts_at == an_hour(8)


@pytest.mark.parametrize(
    "hour",
    [
        pytest.param(an_hour(8, 10), id="off the grid"),
        pytest.param(an_hour(7, 30), id="before the opening"),
        pytest.param(an_hour(17), id="after the closing"),
        pytest.param(an_hour(8, day=TUESDAY - timedelta(days=7)), id="past"),
        pytest.param(an_hour(8, day=TUESDAY + timedelta(days=35)), id="beyond the horizon"),
        pytest.param(an_hour(8, day=TUESDAY + timedelta(days=4)), id="on a Saturday"),
    ],
)
def test_a_time_that_is_not_offered_is_refused(world: World, hour: object) -> None:
    offering, phone = world.offering(), world.phone()
    with pytest.raises(NotOffered):
        world.does(commands.hold, phone, offering=offering, starts_at=hour)
    with pytest.raises(NotOffered):
        world.does(commands.confirm, phone, offering=offering, starts_at=hour, beneficiary=Beneficiary())


def test_a_holiday_is_not_offered(world: World) -> None:
    with pytest.raises(NotOffered):
        world.holds(world.phone(), world.offering(), an_hour(8), closed_days=frozenset({TUESDAY}))


def test_a_session_goes_on_after_a_refusal(world: World) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    world.confirms(world.phone(), offering, an_hour(8))
    with world.transaction() as db:
        with pytest.raises(SlotFull):
            commands.hold(db, world.intent(phone), offering=offering, starts_at=an_hour(8), closed_days=frozenset())
        commands.hold(db, world.intent(phone), offering=offering, starts_at=an_hour(9), closed_days=frozenset())
    assert world.taken(Counted.OFFERING, offering.id, an_hour(9)) == 1


def test_a_released_hold_gives_its_seat_back(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    world.holds(phone, offering, an_hour(8))
    world.releases(phone, offering, an_hour(8))
    world.releases(phone, offering, an_hour(8))
    assert world.taken(Counted.OFFERING, offering.id, an_hour(8)) == 0


def test_a_release_of_what_was_held_before_leaves_the_hold_of_now(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    world.holds(phone, offering, an_hour(8))
    world.holds(phone, offering, an_hour(9))
    world.releases(phone, offering, an_hour(8))
    assert world.taken(Counted.OFFERING, offering.id, an_hour(9)) == 1


def test_a_confirmation_after_the_hold_has_run_out_takes_the_place_again(world: World) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    world.holds(phone, offering, an_hour(8))
    world.later(minutes=6)
    assert world.confirms(phone, offering, an_hour(8)).starts_at == an_hour(8)


def test_a_confirmation_is_refused_where_somebody_else_has_taken_the_place_since(world: World) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    world.holds(phone, offering, an_hour(8))
    world.later(minutes=6)
    world.confirms(world.phone(), offering, an_hour(8))
    with pytest.raises(HoldExpired):
        world.confirms(phone, offering, an_hour(8))


def test_a_confirmation_leaves_a_hold_on_another_place(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    world.holds(phone, offering, an_hour(8))
    world.confirms(phone, offering, an_hour(9))
    [hold] = world.scalars(sa.select(Hold))
    assert hold.starts_at == an_hour(8)


def test_the_next_taker_frees_expired_holds_of_the_window_the_site_and_the_day(world: World) -> None:
    first = world.offering("IDR", seats=1, window_cap=1)
    second = world.offering("IDN", seats=2, daily_quota=1)
    world.holds(world.phone(), first, an_hour(8))
    world.holds(world.phone(), second, an_hour(9))
    world.later(minutes=6)
    world.holds(world.phone(), second, an_hour(8))
    assert len(world.scalars(sa.select(Hold))) == 1


def test_a_person_has_one_live_booking_of_a_service(world: World) -> None:
    offering, elsewhere, person = world.offering(), world.offering(site="MAK"), world.person()
    mine, other = world.phone(), world.phone()
    booked = world.confirms(mine, offering, an_hour(8), person)

    with pytest.raises(AlreadyBooked) as refusal:
        world.confirms(mine, elsewhere, an_hour(9), person)
    assert refusal.value.existing == booked

    with pytest.raises(AlreadyBooked) as refusal:
        world.confirms(other, elsewhere, an_hour(9), person)
    assert refusal.value.existing is None

    world.confirms(other, world.offering("IDN"), an_hour(9), person)


def test_a_person_whose_booking_is_over_can_book_before_it_is_filed_away(world: World) -> None:
    offering, phone, person = world.offering(), world.phone(), world.person()
    world.confirms(phone, offering, an_hour(8), person)
    world.later(days=2)
    world.confirms(world.phone(), offering, an_hour(8, day=TUESDAY + timedelta(days=2)), person)
    assert [past.outcome for past in world.scalars(sa.select(BookingHistory))] == ["past"]


def test_a_mother_books_for_two_children(world: World) -> None:
    offering, mother = world.offering("BCN"), world.phone()
    world.service("BCN", identity="none")
    first = world.confirms(mother, offering, an_hour(8))
    world.confirms(mother, offering, an_hour(8))
    assert sorted(world.scalars(sa.select(Booking.beneficiary_no))) == [1, 2]

    world.does(commands.give_up, mother, reference=first.reference)
    world.confirms(mother, offering, an_hour(9))
    assert sorted(world.scalars(sa.select(Booking.beneficiary_no))) == [1, 2]


def test_a_first_id_is_booked_without_a_number(world: World) -> None:
    booked = world.confirms(world.phone(), world.offering("IDN"), an_hour(8))
    [booking] = world.scalars(sa.select(Booking))
    assert (booking.id, booking.beneficiary_id, booking.beneficiary_no) == (booked.id, None, 1)


def test_a_phone_books_a_service_for_so_many_unidentified_people(world: World) -> None:
    offering, phone = world.offering(seats=10), world.phone()
    for _ in range(MAX_UNIDENTIFIED_A_PHONE):
        world.confirms(phone, offering, an_hour(8))
    with pytest.raises(TooManyBookings):
        world.confirms(phone, offering, an_hour(8))
    world.confirms(phone, offering, an_hour(8), world.person())


def test_a_phone_has_so_many_live_bookings(world: World) -> None:
    offering, phone = world.offering(seats=10), world.phone()
    for _ in range(MAX_LIVE_A_PHONE):
        world.confirms(phone, offering, an_hour(8), world.person())
    with pytest.raises(TooManyBookings):
        world.confirms(phone, offering, an_hour(8), world.person())
    world.later(days=2)
    world.confirms(phone, offering, an_hour(8, day=TUESDAY + timedelta(days=2)), world.person())


def test_a_reference_that_is_taken_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["48217092", "48217092", "33055184"])
    monkeypatch.setattr("core.booking.adding.new_reference", lambda: next(drawn))
    offering = world.offering()
    world.confirms(world.phone(), offering, an_hour(8))
    assert world.confirms(world.phone(), offering, an_hour(8)).reference == "33055184"


def test_a_move_takes_the_new_place_and_gives_the_old_one_back(world: World) -> None:
    offering, elsewhere, phone = world.offering(), world.offering(site="MAK"), world.phone()
    booked = world.confirms(phone, offering, an_hour(8))
    moved = world.does(commands.move, phone, reference=booked.reference, offering=elsewhere, starts_at=an_hour(9))
    assert (moved.id, moved.reference, moved.offering_id) == (booked.id, booked.reference, elsewhere.id)
    assert world.taken(Counted.OFFERING, offering.id, an_hour(8)) == 0
    assert world.taken(Counted.SITE, elsewhere.site.id, an_hour(9)) == 1
    assert [m.template for m in world.scalars(sa.select(Message).order_by(Message.id))] == [
        "booking_confirmed",
        "booking_moved",
    ]


def test_a_move_uses_up_the_hold_on_the_new_place(world: World) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    booked = world.confirms(phone, offering, an_hour(8))
    world.holds(phone, offering, an_hour(9))
    world.does(commands.move, phone, reference=booked.reference, offering=offering, starts_at=an_hour(9))
    assert world.scalars(sa.select(Hold)) == []
    assert world.taken(Counted.OFFERING, offering.id, an_hour(9)) == 1


def test_a_move_to_a_full_window_leaves_the_booking_as_it_was(world: World) -> None:
    offering, phone = world.offering(seats=1), world.phone()
    booked = world.confirms(phone, offering, an_hour(8))
    world.confirms(world.phone(), offering, an_hour(9))
    with pytest.raises(SlotFull):
        world.does(commands.move, phone, reference=booked.reference, offering=offering, starts_at=an_hour(9))
    assert an_hour(8) in world.scalars(sa.select(Booking.starts_at))


def test_a_move_within_the_last_seat_of_a_day_or_site_is_possible(world: World) -> None:
    offering, phone = world.offering(seats=1, daily_quota=1), world.phone()
    booked = world.confirms(phone, offering, an_hour(8))
    world.does(commands.move, phone, reference=booked.reference, offering=offering, starts_at=an_hour(9))
    assert world.taken(Counted.DAY, offering.id, an_hour(0)) == 1


def test_a_move_to_another_service_is_refused(world: World) -> None:
    phone = world.phone()
    booked = world.confirms(phone, world.offering(), an_hour(8))
    with pytest.raises(NotOffered):
        world.does(
            commands.move,
            phone,
            reference=booked.reference,
            offering=world.offering("IDN"),
            starts_at=an_hour(9),
        )


def test_a_late_caller_can_move_until_the_day_is_over(world: World) -> None:
    offering, phone = world.offering(), world.phone()
    booked = world.confirms(phone, offering, an_hour(8))
    world.now = an_hour(20)
    wednesday = TUESDAY + timedelta(days=1)
    world.does(commands.move, phone, reference=booked.reference, offering=offering, starts_at=an_hour(8, day=wednesday))


def test_a_given_up_booking_goes_to_history_and_frees_its_seat(world: World) -> None:
    offering, phone, person = world.offering(seats=1), world.phone(), world.person()
    booked = world.confirms(phone, offering, an_hour(8), person)
    world.does(commands.give_up, phone, reference=booked.reference)
    [past] = world.scalars(sa.select(BookingHistory))
    assert (past.id, past.outcome, past.reference, past.beneficiary_id) == (
        booked.id,
        "given_up",
        booked.reference,
        person.person_id,
    )
    world.confirms(world.phone(), offering, an_hour(8), person)


def test_another_phones_booking_and_an_unknown_one_are_refused_alike(world: World) -> None:
    offering = world.offering()
    booked = world.confirms(world.phone(), offering, an_hour(8))
    for reference in (booked.reference, "48217092"):
        for command in (commands.give_up, commands.send_again):
            with pytest.raises(NoSuchBooking):
                world.does(command, world.phone(), reference=reference)


def test_the_sms_is_sent_again_three_times_an_hour(world: World) -> None:
    phone = world.phone()
    booked = world.confirms(phone, world.offering(), an_hour(8))
    for _ in range(3):
        world.does(commands.send_again, phone, reference=booked.reference)
    with pytest.raises(TooManySms):
        world.does(commands.send_again, phone, reference=booked.reference)
    world.later(hours=1)
    world.does(commands.send_again, phone, reference=booked.reference)
    assert len(world.scalars(sa.select(Message))) == 5


def test_a_site_cap_counts_over_two_services(world: World) -> None:
    first = world.offering("IDR", window_cap=2)
    second = world.offering("IDN")
    world.confirms(world.phone(), first, an_hour(8))
    world.confirms(world.phone(), second, an_hour(8))
    with pytest.raises(SlotFull):
        world.holds(world.phone(), first, an_hour(8))
    world.holds(world.phone(), first, an_hour(8, 30))


def test_a_daily_quota_counts_over_the_windows_of_a_local_day(world: World) -> None:
    offering = world.offering(daily_quota=2)
    world.confirms(world.phone(), offering, an_hour(8))
    world.confirms(world.phone(), offering, an_hour(16, 30))
    with pytest.raises(SlotFull):
        world.holds(world.phone(), offering, an_hour(12))
    world.holds(world.phone(), offering, an_hour(12, day=TUESDAY + timedelta(days=1)))


def test_queries_say_what_a_phone_has(world: World) -> None:
    offering, phone = world.offering(seats=1, window_cap=1), world.phone()
    booked = world.confirms(phone, offering, an_hour(8))
    world.holds(phone, offering, an_hour(9))
    with world.transaction() as db:
        assert [b.reference for b in queries.live_bookings(db, phone, world.now)] == [booked.reference]
        assert queries.live_bookings(db, phone, world.now + timedelta(days=2)) == []
        found = queries.booking_of(db, booked.reference, phone)
        assert found is not None
        assert found.id == booked.id
        assert queries.booking_of(db, booked.reference, world.phone()) is None
        held = queries.current_hold(db, phone, world.now)
        assert held is not None
        assert held.starts_at == an_hour(9)
        assert queries.current_hold(db, phone, world.now + timedelta(minutes=5)) is None


def test_fullness_reads_the_full_counters_of_these_days_and_sites(world: World) -> None:
    offering = world.offering(seats=1, window_cap=1, daily_quota=3)
    neighbour = world.offering("IDN", seats=5)
    far = world.offering(site="MAK", seats=1)
    wednesday = TUESDAY + timedelta(days=1)
    for starts_at in (an_hour(8), an_hour(9), an_hour(8, day=wednesday)):
        world.confirms(world.phone(), offering, starts_at)
    world.confirms(world.phone(), far, an_hour(8))
    with world.transaction() as db:
        full = queries.fullness(db, [offering, neighbour], TUESDAY, TUESDAY)
    assert full.counters == {
        (Counted.OFFERING, offering.id, an_hour(8)),
        (Counted.OFFERING, offering.id, an_hour(9)),
        (Counted.SITE, offering.site.id, an_hour(8)),
        (Counted.SITE, offering.site.id, an_hour(9)),
    }
    assert full.is_full(neighbour, an_hour(8))
    assert not full.is_full(neighbour, an_hour(10))
