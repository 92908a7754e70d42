from flask import Flask

from core.staff.roles import Role


def test_everybody_who_has_signed_in_has_a_first_page(desk) -> None:
    for role in Role:
        page = desk(role.value).get("/desk")
        assert page.status_code == 200, page.text
        assert "Amina" in page.text


def test_nobody_else_has(app: Flask) -> None:
    answer = app.test_client().get("/desk")
    assert answer.status_code == 302
    assert answer.location == "/desk/sign-in?next=/desk"
