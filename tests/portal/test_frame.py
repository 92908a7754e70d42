"""What surrounds every page: headers, what may be kept, and what is said when something goes wrong."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import Forbidden

from core.settings import Settings
from core.wording import language
from tests.journeys.fixtures import MakeApp, Postgres
from tests.portal.pages import hidden, words
from tests.support import SECRET
from web.pages import limits

HUGE = 50 * 1024 * 1024


def test_pages_run_no_script_and_load_nothing_that_is_not_ours(app: Flask) -> None:
    answer = app.test_client().get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(make_app: MakeApp) -> None:
    app = make_app(public_url="https://zamu.example.go.ke")
    cookie = app.test_client().get("/language/sw", base_url="https://zamu.example.go.ke").headers["Set-Cookie"]
    assert cookie.startswith("__Host-zamu=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie


def test_what_tells_everybody_the_same_is_kept_for_a_minute_by_its_reader_alone(app: Flask) -> None:
    for path in ("/", "/services", "/services/IDR", "/centres", "/centres/GPO"):
        answer = app.test_client().get(path)
        assert answer.headers["Cache-Control"] == "private, max-age=60", path
        assert {"Cookie", "Accept-Language", "Accept-Encoding"} <= set(answer.vary), path
        assert "csrf_token" not in answer.text, path


def test_what_is_for_one_person_is_kept_by_nobody(app: Flask) -> None:
    for path in ("/document", "/no-such-page"):
        assert app.test_client().get(path).headers["Cache-Control"] == "no-store"


def test_what_went_wrong_is_a_page_in_the_readers_language(app: Flask) -> None:
    citizen = app.test_client()
    assert "Page not found" in words(citizen.get("/nothing").text)
    citizen.get("/language/sw")
    answer = citizen.get("/nothing")
    assert answer.status_code == 404
    assert "Page not found" not in words(answer.text)
    assert '<html lang="sw"' in answer.text


def test_a_file_that_a_proxy_turns_away_gets_our_words(app: Flask) -> None:
    told = app.test_client().get("/too-big")
    assert told.status_code == 413
    assert "The file is bigger than can be taken here. Nothing was changed." in words(told.text)


def test_a_body_that_is_too_long_is_refused_before_it_is_read(app: Flask) -> None:
    form = "application/x-www-form-urlencoded"
    body = {"CONTENT_LENGTH": str(HUGE), "wsgi.input": Unread()}
    answer = app.test_client().post("/document", content_type=form, environ_overrides=body)
    assert answer.status_code == 413
    assert "That is too big" in words(answer.text)


class Unread:
    """A body that nobody may read."""

    def read(self, *_size: int) -> bytes:
        raise AssertionError("it was read")

    readline = read


@pytest.fixture
def failing(make_app: MakeApp) -> Flask:
    """An application with a view that goes wrong, for a reason of one's choice."""
    app = make_app()

    @app.get("/fails")
    def fails() -> str:
        raise ZeroDivisionError

    @app.get("/desk/forbidden")
    def forbidden() -> str:
        raise Forbidden

    return app


def test_a_mistake_of_ours_is_a_page_that_says_nothing_was_changed(failing: Flask) -> None:
    answer = failing.test_client().get("/fails")
    assert answer.status_code == 500
    assert "Sorry, that did not work Nothing was changed." in words(answer.text)
    assert "ZeroDivision" not in answer.text


def test_what_is_not_theirs_is_a_page_that_leads_back_to_the_desk(failing: Flask) -> None:
    answer = failing.test_client().get("/desk/forbidden")
    assert answer.status_code == 403
    assert "Whoever made your account can change that." in words(answer.text)
    assert 'href="/desk"' in answer.text


def test_without_a_database_a_citizen_is_told_to_dial(make_app: MakeApp, dead_database: str) -> None:
    app = make_app(database_url=dead_database)
    answer = app.test_client().get("/services")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "Try again in a minute. Or dial *191*9# on any phone." in words(answer.text)


def test_what_the_catalogue_knows_is_told_while_the_database_hangs(make_app: MakeApp, postgres: Postgres) -> None:
    citizen = make_app().test_client()
    assert citizen.get("/services/IDR").status_code == 200
    with postgres.hangs():
        assert citizen.get("/services/IDR").status_code == 200


def test_gateways_get_plain_text_and_agencies_a_problem(app: Flask) -> None:
    wrong = app.test_client().post(f"/ussd/africastalking/{SECRET}/nothing")
    assert (wrong.status_code, wrong.content_type) == (404, "text/plain; charset=utf-8")
    missing = app.test_client().get("/api/nothing")
    assert (missing.status_code, missing.content_type) == (404, "application/problem+json")


# How often.


@pytest.fixture
def count_in(make_app: MakeApp, settings: Settings) -> Any:
    """An application with a page that may be asked for twice an hour, counted where one likes."""

    def counted(**changes: object) -> Flask:
        app = make_app(**changes)

        @limits.limited("2 per hour", methods=("GET",))
        def twice() -> str:
            return "here"

        app.add_url_rule("/twice", "twice", twice)
        limits.enforce(app, replace(settings, **changes))
        return app

    return counted


def test_too_often_says_when_to_try_again(count_in: Any) -> None:
    app = count_in()
    citizen = app.test_client()
    assert [citizen.get("/twice").status_code for _time in range(3)] == [200, 200, 429]
    answer = citizen.get("/twice")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert "Too many tries Try again in" in words(answer.text)
    assert citizen.get("/twice", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200


def test_all_processes_count_together(count_in: Any) -> None:
    one, other = count_in().test_client(), count_in().test_client()
    assert [c.get("/twice").status_code for c in (one, other, one, other)] == [200, 200, 429, 429]


@pytest.mark.parametrize("away", ["dead_redis", "hanging_redis"])
def test_without_valkey_each_process_counts_for_itself(
    count_in: Any, away: str, request: pytest.FixtureRequest
) -> None:
    citizen = count_in(redis_url=request.getfixturevalue(away)).test_client()
    assert [citizen.get("/twice").status_code for _time in range(3)] == [200, 200, 429]


def test_nothing_is_limited_by_itself(app: Flask) -> None:
    citizen = app.test_client()
    assert {citizen.get("/").status_code for _time in range(40)} == {200}


def test_the_address_is_the_one_that_our_own_proxy_says(make_app: MakeApp, count_in: Any) -> None:
    behind = count_in(proxies=1).test_client()
    said = [{"X-Forwarded-For": f"203.0.113.9, 198.51.100.{n}"} for n in (1, 1, 1, 2)]
    assert [behind.get("/twice", headers=one).status_code for one in said] == [200, 200, 429, 200]


def test_what_anybody_may_write_into_a_header_is_not_believed(count_in: Any) -> None:
    direct = count_in().test_client()
    forged = [{"X-Forwarded-For": f"198.51.100.{n}"} for n in range(3)]
    assert [direct.get("/twice", headers=one).status_code for one in forged] == [200, 200, 429]


def test_forms_that_look_at_nobody_are_kept_from_other_sites(app: Flask) -> None:
    page = app.test_client().get("/document").text
    assert hidden(page, "csrf_token")
    assert hidden(page, "request_key")


def test_a_page_in_kiswahili_leaves_no_language_behind(app: Flask) -> None:
    """Its thread serves somebody else next."""
    app.test_client().get("/language/sw?back=/", follow_redirects=True)
    assert language() == "en"
