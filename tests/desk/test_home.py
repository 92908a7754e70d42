from flask import Flask

from core.staff.roles import Role
from tests.desk.conftest import Desk
from tests.desk.pages import seen
from tests.journeys.fixtures import MakeApp, Postgres
from tests.journeys.together import TOLD_WITHIN, within


def test_everybody_who_has_signed_in_has_a_first_page(desk) -> None:
    for role in Role:
        page = desk(role.value).get("/desk")
        assert page.status_code == 200, page.text
        assert "Amina" in page.text


def test_nobody_else_has(app: Flask) -> None:
    answer = app.test_client().get("/desk")
    assert answer.status_code == 302
    assert answer.location == "/desk/sign-in?next=/desk"


def test_an_officer_is_told_in_their_language_that_the_database_is_away(
    desk: Desk, make_app: MakeApp, dead_database: str
) -> None:
    officer = desk("counter")
    officer.application = make_app(database_url=dead_database)
    officer.get("/language/sw")
    answers = (officer.get("/desk"), officer.post("/desk/check-in", data={"scanned": "4821 7096"}))
    for answer in answers:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "Samahani, Zamu haiwezi kujibu sasa" in seen(answer.text)


def test_an_officer_is_told_so_after_one_wait_when_the_database_hangs(desk: Desk, postgres: Postgres) -> None:
    officer = desk("counter")
    assert officer.get("/desk/today").status_code == 200
    with postgres.hangs():
        answer = within(TOLD_WITHIN, lambda: officer.post("/desk/check-in", data={"scanned": "4821 7096"}))
    assert answer.status_code == 503
    assert "Nothing was changed. Try again in a minute." in seen(answer.text)


def test_whoever_opens_the_address_of_a_button_is_told_where_to_go(desk: Desk) -> None:
    for address in ("/desk/change-officer", "/booking/48217096/wait"):
        answer = desk("manager").get(address)
        assert answer.status_code == 405
        assert "There is no page at this address Go to the page where you pressed the button" in seen(answer.text)
        assert "Try again" not in seen(answer.text)
