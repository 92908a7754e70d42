"""Two buttons of one page are two deeds: gone back to, restored or pressed fast, neither stands for the other."""

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from core.catalogue import tables as catalogue_rows
from core.catalogue.version import bump_version
from core.staff.tables import Staff
from tests.desk.day import Day, day
from tests.desk.pages import seen, token, unseen

__all__ = ["day"]


def test_a_new_password_is_not_the_printing_of_codes_nor_the_switching_off(desk: Any, transaction: Any) -> None:
    manager, colleague = desk("manager"), desk("counter").officer
    page = manager.get(f"/desk/staff/{colleague.id}").text
    for deed in ("password", "codes", "off"):
        manager.post(f"/desk/staff/{colleague.id}/{deed}", data=unseen(page))
    with transaction() as db:
        row = db.get_one(Staff, colleague.id)
    assert row.password != colleague.password
    assert len(row.mf_recovery_codes or ()) == 10
    assert not row.active


def test_to_have_come_is_not_to_have_stayed_away(desk: Any, day: Day) -> None:
    booked = day.books(day.times()[0])
    day.clock.time = booked.starts_at + timedelta(minutes=40)
    client = desk("counter")
    address = f"/desk/visit/{booked.reference}"
    page = client.get(address).text
    client.post(f"{address}/check-in", data=unseen(page))
    client.post(f"{address}/not-come", data=unseen(page))
    said = seen(client.get(address).text)
    assert "They have come" in said
    assert "Noted: did not come" not in said


def test_two_officers_absent_from_one_page_are_two_closures(desk: Any, transaction: Any) -> None:
    manager = desk("manager")
    page = manager.get("/desk/closures").text
    carried = unseen(page) | {"day": token(page, "day"), "centre": "GPO", "do": "it"}
    for service in ("IDR", "IDN"):
        manager.post("/desk/closures/absent", data=carried | {"service": service})
    with transaction() as db:
        closed = db.scalars(sa.select(catalogue_rows.Closure.offering_id)).all()
        db.execute(sa.delete(catalogue_rows.Closure))
        bump_version(db)
    assert len(set(closed)) == 2


def test_pressed_twice_it_is_one_deed(desk: Any, transaction: Any) -> None:
    manager, colleague = desk("manager"), desk("counter").officer
    page = unseen(manager.get(f"/desk/staff/{colleague.id}").text)
    shown = [
        re.findall(r"<code>[^<]+</code>", manager.post(f"/desk/staff/{colleague.id}/codes", data=page).text)
        for _press in range(2)
    ]
    assert len(shown[0]) == 10
    assert shown[0] == shown[1]
