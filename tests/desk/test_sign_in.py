"""Signing in as officers do: password, code of an app or of paper, at a computer of their own or a shared one."""

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.db import Transaction
from core.people.audit import Actor
from core.people.tables import Event
from core.settings import DEMO_KEY, Settings
from core.staff.colleagues import (
    ANYBODY,
    Asked,
    Newcomer,
    add,
    forget_second_factor,
    give_password,
    print_codes,
    switch,
)
from core.staff.roles import Role
from core.staff.secrets import Secrets
from core.staff.tables import Staff
from tests.support import NOW, Clock

SIGN_IN, CODE, PHONE, PRINTED = "/desk/sign-in", "/desk/sign-in/code", "/desk/phone", "/desk/sign-in/printed-code"
NOT_RIGHT = "The staff number or the password is not right."
OWN = "a password of my own"


class Person:
    """Somebody with an account, and with an app for codes when they have set it up."""

    def __init__(self, app: Flask, clock: Clock, username: str, password: str) -> None:
        self.username, self.password, self.clock, self.key = username, password, clock, ""
        self.totp = app.extensions["security"].totp_factory

    def code(self) -> str:
        """What the app shows."""
        source = {"v": 1, "type": "totp", "key": self.key}
        return str(self.totp._totp.from_source(source).generate().token)


class Browser:
    """A browser on a computer at the counter."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def post(self, path: str, **fields: str) -> TestResponse:
        page = self.client.get(path)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert token, f"{path} has no form: {page.status_code} {page.text[:200]}"
        return self.client.post(path, data={"csrf_token": token[1], **fields})

    def sign_in(self, person: Person, **fields: str) -> TestResponse:
        return self.post(SIGN_IN, username=person.username, password=person.password, **fields)

    def set_up_phone(self, person: Person) -> TestResponse:
        page = self.post(PHONE, setup="authenticator")
        person.key = re.search(r"Or type this key into the app: ([A-Z0-9 -]+)", page.text)[1].replace("-", "")  # type: ignore[index]
        return self.post_from(page, CODE, code=person.code())

    def post_from(self, page: TestResponse, path: str, **fields: str) -> TestResponse:
        token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[-1]
        return self.client.post(path, data={"csrf_token": token, **fields})

    def leave(self, path: str) -> TestResponse:
        return self.post_from(self.client.get("/desk"), path)

    @property
    def inside(self) -> bool:
        return self.client.get("/desk").status_code == 200


Hire = Callable[..., Person]


@pytest.fixture
def hire(app: Flask, transaction: Transaction, settings: Settings, clock: Clock) -> Hire:
    def hire(username: str = "10234", *, must_change: bool = False, role: Role = Role.SECRETARIAT) -> Person:
        secrets = Secrets(settings.secret_key)
        with transaction() as db:
            new = Newcomer(username, f"Officer {username}", role)
            add(db, new, secrets=secrets, asked=asked(f"hire:{username}"), must_change=must_change)
        return Person(app, clock, username, secrets.temporary_password(username, f"hire:{username}"))

    return hire


def asked(key: str) -> Asked:
    return Asked(ANYBODY, Actor("terminal", who="root"), key, NOW)


def events(transaction: Transaction) -> list[str]:
    with transaction() as db:
        return list(db.scalars(sa.select(Event.name).where(Event.name.like("staff.%")).order_by(Event.id)))


def row(transaction: Transaction, person: Person) -> Staff:
    with transaction() as db:
        return db.scalars(sa.select(Staff).where(Staff.username == person.username)).one()


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def test_the_first_sign_in_sets_up_a_phone_and_changes_the_password(hire, browser, app, clock, transaction) -> None:
    person = hire(must_change=True)
    answer = browser.sign_in(person)
    assert answer.location == PHONE
    assert not browser.inside
    assert browser.set_up_phone(person).location == "/desk"
    assert browser.client.get("/desk").location == "/desk/password"
    answer = browser.post("/desk/password", password=person.password, new_password=OWN, new_password_confirm=OWN)
    assert answer.location == "/desk"
    assert browser.inside
    person.password = OWN
    clock.time += timedelta(minutes=1)
    elsewhere = Browser(app)
    answer = elsewhere.sign_in(person)
    assert answer.location.startswith(CODE)
    assert not elsewhere.inside
    assert elsewhere.post(CODE, code=person.code()).status_code == 302
    assert elsewhere.inside
    assert events(transaction) == [
        "staff.added",
        "staff.phone_set",
        "staff.signed_in",
        "staff.password_changed",
        "staff.signed_in",
    ]


def test_a_wrong_first_code_leaves_the_picture_to_scan_and_never_locks(hire, browser, transaction) -> None:
    person = hire()
    browser.sign_in(person)
    page = browser.post(PHONE, setup="authenticator")
    shown = re.search(r'src="(data:image[^"]+)"', page.text)[1]
    person.key = re.search(r"Or type this key into the app: ([A-Z0-9 -]+)", page.text)[1].replace("-", "")
    for _nth in range(6):
        page = browser.post_from(page, CODE, code="000000")
        assert "That is not the code of this picture" in page.text
        assert shown in page.text
    assert row(transaction, person).locked_until is None
    assert browser.post_from(page, CODE, code=person.code()).location == "/desk"


def test_one_goes_on_to_the_page_one_wanted_and_to_no_other_host(hire, browser, app, clock) -> None:
    person = hire()
    browser.sign_in(person)
    browser.set_up_phone(person)
    clock.time += timedelta(minutes=1)
    for wanted, reached in (("/desk/phone", "/desk/phone"), ("https://elsewhere.example/desk", "/desk")):
        clock.time += timedelta(minutes=1)
        other = Browser(app)
        answer = other.post(f"{SIGN_IN}?next={wanted}", username=person.username, password=person.password)
        answer = other.post(answer.location, code=person.code(), next=wanted)
        assert answer.location.startswith(reached)


def test_a_wrong_password_an_unknown_account_and_one_that_is_off_look_alike(hire, browser, transaction) -> None:
    person, gone = hire("10234"), hire("10235")
    with transaction() as db:
        switch(db, row(transaction, gone).id, on=False, asked=asked("off"))
    answers = [
        browser.post(SIGN_IN, username=person.username, password="wrong"),
        browser.post(SIGN_IN, username="nobody", password="wrong"),
        browser.post(SIGN_IN, username=gone.username, password=gone.password),
    ]
    shown = {re.sub(r'(value|nonce)="[^"]*"', "", answer.text) for answer in answers}
    assert len(shown) == 1
    assert NOT_RIGHT in html.unescape(answers[0].text)
    assert 'value="10234"' in answers[0].text, "what was typed is kept"


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(hire, browser, clock, transaction) -> None:
    person = hire()
    for _nth in range(5):
        browser.post(SIGN_IN, username=person.username, password="wrong")
    assert NOT_RIGHT in browser.sign_in(person).text, "the right one neither comes in nor is told from a wrong one"
    assert events(transaction).count("staff.locked") == 1
    clock.time += timedelta(minutes=16)
    assert browser.sign_in(person).location == PHONE


def test_whoever_is_locked_out_and_gets_a_new_password_signs_in_at_once(hire, browser, settings, transaction) -> None:
    person = hire()
    for _nth in range(5):
        browser.post(SIGN_IN, username=person.username, password="wrong")
    assert row(transaction, person).locked_until
    with transaction() as db:
        staff_id, secrets = row(transaction, person).id, Secrets(settings.secret_key)
        person.password = give_password(db, staff_id, secrets=secrets, asked=asked("reset"))
    assert browser.sign_in(person).location == PHONE
    for _nth in range(4):
        browser.post(SIGN_IN, username=person.username, password="wrong")
    assert row(transaction, person).locked_until is None, "all tries are theirs again"


def test_a_right_password_among_wrong_ones_does_not_lock(hire, browser) -> None:
    person = hire()
    for _nth in range(4):
        browser.post(SIGN_IN, username=person.username, password="wrong")
    assert browser.sign_in(person).location == PHONE
    assert browser.sign_in(person).location == PHONE


def test_many_wrong_passwords_at_once_are_no_more_than_five(hire, app, transaction) -> None:
    person = hire()
    browsers = [Browser(app) for _nth in range(8)]
    for browser in browsers:
        browser.client.get(SIGN_IN)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: one.post(SIGN_IN, username=person.username, password="wrong"), browsers))
    assert row(transaction, person).failures == 5
    assert NOT_RIGHT in Browser(app).sign_in(person).text


def test_an_address_that_is_refused_a_hundred_times_has_to_wait(app, hire, browser) -> None:
    person, client = hire(), app.test_client()
    for _nth in range(100):
        assert client.post(SIGN_IN, data={"username": "somebody"}).status_code == 422
    refused = browser.sign_in(person)
    assert refused.status_code == 429
    assert "Too many tries" in refused.text


@pytest.fixture
def with_phone(hire, app, clock) -> Person:
    person = hire()
    browser = Browser(app)
    browser.sign_in(person)
    browser.set_up_phone(person)
    clock.time += timedelta(minutes=1)
    return person


def test_wrong_codes_lock_too_although_the_password_is_right_in_between(with_phone, app, transaction) -> None:
    browser = Browser(app)
    for _nth in range(5):
        browser.sign_in(with_phone)
        answer = browser.post(CODE, code="000000")
        assert "That code is not right" in answer.text
    assert "That code is not right" in browser.post(CODE, code=with_phone.code()).text
    assert NOT_RIGHT in Browser(app).sign_in(with_phone).text
    assert "staff.locked" in events(transaction)


def test_a_code_is_good_once(with_phone, app, clock) -> None:
    code = with_phone.code()
    first, second = Browser(app), Browser(app)
    for browser in (first, second):
        browser.sign_in(with_phone)
    assert first.post(CODE, code=code).status_code == 302
    assert "it has been used" in second.post(CODE, code=code).text
    assert not second.inside


def test_a_code_that_is_no_code_is_told_and_not_counted(with_phone, app, transaction) -> None:
    browser = Browser(app)
    browser.sign_in(with_phone)
    assert "Type the 6 digits" in browser.post(CODE, code="12 34").text
    assert row(transaction, with_phone).failures == 0


def test_the_key_of_the_app_is_sealed(with_phone, transaction) -> None:
    kept = row(transaction, with_phone).tf_totp_secret
    assert kept
    assert with_phone.key not in kept


def test_an_officer_without_a_smartphone_signs_in_with_printed_codes(hire, app, transaction, settings) -> None:
    person = hire()
    with transaction() as db:
        codes = print_codes(db, row(transaction, person).id, secrets=Secrets(settings.secret_key), asked=asked("codes"))
    kept = row(transaction, person).mf_recovery_codes
    assert len(set(codes)) == 10
    assert not set(codes) & set(kept), "they are not kept as they are"
    browser = Browser(app)
    assert browser.sign_in(person).location.startswith(PRINTED)
    assert "Type the 12 letters and digits" in browser.post(PRINTED, code="").text
    assert row(transaction, person).failures == 0, "nothing was tried"
    assert browser.post(PRINTED, code=codes[0].upper().replace("-", " ")).status_code == 302
    assert browser.inside
    again = Browser(app)
    again.sign_in(person)
    assert "it has been used" in again.post(PRINTED, code=codes[0]).text
    assert again.post(PRINTED, code=codes[1]).status_code == 302


def test_when_all_printed_codes_are_used_the_password_alone_sets_nothing_up(hire, app, transaction) -> None:
    person = hire()
    with transaction() as db:
        db.execute(sa.update(Staff).values(mf_recovery_codes=[]))
    browser = Browser(app)
    assert browser.sign_in(person).location.startswith(PRINTED)
    assert "Ask your manager for new ones" in browser.client.get(PRINTED).text
    assert browser.client.get(PHONE).location == SIGN_IN


def test_a_printed_code_is_used_up_by_one_of_two_at_once(hire, app, transaction, settings) -> None:
    person = hire()
    with transaction() as db:
        codes = print_codes(db, row(transaction, person).id, secrets=Secrets(settings.secret_key), asked=asked("codes"))
    browsers = [Browser(app), Browser(app)]
    for browser in browsers:
        browser.sign_in(person)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: one.post(PRINTED, code=codes[0]).status_code, browsers))
    assert sorted(answers) == [302, 422]


def test_one_makes_printed_codes_for_oneself_after_giving_the_password_again(with_phone, app, transaction) -> None:
    browser = Browser(app)
    browser.sign_in(with_phone)
    browser.post(CODE, code=with_phone.code())
    form = browser.client.get("/desk/printed-codes")
    key = re.search(r'name="request_key"[^>]*value="([^"]+)"', form.text)[1]
    pages = [browser.post_from(form, "/desk/printed-codes", request_key=key) for _twice in range(2)]
    shown = [re.findall(r"<code>([a-z0-9-]+)</code>", page.text) for page in pages]
    assert len(shown[0]) == 10
    assert shown[0] == shown[1], "sent twice, it makes the same ones"
    assert "staff.own_codes_printed" in events(transaction)
    with browser.client.session_transaction() as session:
        session["fs_paa"], session["fs_gexp"] = 1, 1
    answer = browser.client.get("/desk/printed-codes")
    assert answer.location.startswith("/desk/sign-in/again")
    assert "That is not your password" in browser.post(answer.location, password="wrong").text
    assert browser.post(answer.location, password=with_phone.password).location.startswith("/desk")


def test_practice_shows_the_code_that_a_phone_would_and_a_real_installation_does_not(
    hire, make_app, app, clock
) -> None:
    practice = Browser(make_app(secret_key=f"{DEMO_KEY}{'x' * 32}"))
    person = hire()
    for browser, shown in ((practice, 2), (Browser(app), 0)):
        browser.sign_in(person)
        codes = []
        page = browser.post(PHONE, setup="authenticator")
        codes += re.findall(r"the app would show now: (\d{6})", page.text)
        if codes:
            assert browser.post_from(page, CODE, code=codes[0]).status_code == 302
            again = Browser(practice.client.application)
            again.sign_in(person)
            codes += re.findall(r"the app would show now: (\d{6})", again.client.get(CODE).text)
            assert again.post(CODE, code=codes[1]).status_code == 302, "also within the same half minute"
            with practice.client.application.extensions["engine"].begin() as db:
                db.execute(sa.update(Staff).values(tf_totp_secret=None, tf_primary_method=None))
        assert len(codes) == shown


# How long it lasts.


def inside(app: Flask, person: Person) -> Browser:
    browser = Browser(app)
    browser.sign_in(person)
    browser.post(CODE, code=person.code())
    assert browser.inside
    return browser


def test_a_session_ends_after_half_an_hour_of_nothing(with_phone, app, clock) -> None:
    browser = inside(app, with_phone)
    clock.time += timedelta(minutes=29)
    assert browser.inside
    clock.time += timedelta(minutes=29)
    assert browser.inside
    clock.time += timedelta(minutes=31)
    assert browser.client.get("/desk").location == f"{SIGN_IN}?next=/desk"
    assert "You were signed out" in browser.client.get(SIGN_IN).text
    assert "You were signed out" not in browser.client.get(SIGN_IN).text
    clock.time -= timedelta(minutes=31)
    assert not browser.inside, "it is over"


def test_a_session_lasts_twelve_hours_at_most(with_phone, app, clock) -> None:
    browser = inside(app, with_phone)
    for _nth in range(24):
        clock.time += timedelta(minutes=30)
        assert browser.inside
    clock.time += timedelta(minutes=1)
    assert not browser.inside


def test_what_a_manager_resets_ends_all_sessions(with_phone, app, clock, transaction, settings) -> None:
    secrets, staff_id = Secrets(settings.secret_key), row(transaction, with_phone).id
    for nth, reset in enumerate(
        (
            lambda db: give_password(db, staff_id, secrets=secrets, asked=asked("password")),
            lambda db: forget_second_factor(db, staff_id, asked=asked("phone")),
            lambda db: switch(db, staff_id, on=False, asked=asked("off")),
        )
    ):
        clock.time += timedelta(minutes=1)
        browser = Browser(app)
        browser.sign_in(with_phone)
        if nth < 2:
            browser.post(CODE, code=with_phone.code())
        else:
            browser.set_up_phone(with_phone)
        assert browser.client.get("/desk").status_code == 200 or nth
        with transaction() as db:
            told = reset(db)
        with_phone.password = told or with_phone.password
        assert browser.client.get("/desk").location.startswith(SIGN_IN)


def test_signing_out_takes_a_form_of_ours(with_phone, app, transaction) -> None:
    browser = inside(app, with_phone)
    browser.client.post("/desk/sign-out")
    assert browser.inside
    assert browser.leave("/desk/sign-out").location == SIGN_IN
    assert not browser.inside
    assert events(transaction)[-1] == "staff.signed_out"


def copied(browser: Browser) -> Browser:
    """A browser somewhere else with the cookie of this one."""
    copy = Browser(browser.client.application)
    copy.client.set_cookie("zamu", browser.client.get_cookie("zamu").value)
    return copy


@pytest.mark.parametrize("way", ["/desk/sign-out", "/desk/change-officer"])
def test_a_copied_cookie_ends_with_the_session_and_the_other_computer_goes_on(with_phone, app, clock, way) -> None:
    other = inside(app, with_phone)
    clock.time += timedelta(minutes=1)
    browser = inside(app, with_phone)
    copy = copied(browser)
    assert copy.inside
    browser.leave(way)
    assert not copy.inside
    assert other.inside, "each computer is left by itself"
    clock.time += timedelta(minutes=1)
    again = inside(app, with_phone)
    assert again.inside
    assert not copied(copy).inside


def test_a_session_that_wore_out_is_over_in_every_copy_of_its_cookie(with_phone, app, clock) -> None:
    browser = inside(app, with_phone)
    copy = copied(browser)
    for _nth in range(2):
        clock.time += timedelta(minutes=20)
        assert copy.inside
    assert not browser.inside
    assert not copy.inside


def test_one_who_leaves_and_comes_back_in_the_same_second_is_in(with_phone, app) -> None:
    browser = inside(app, with_phone)
    for _nth in range(2):
        browser.leave("/desk/change-officer")
        browser.sign_in(with_phone)
        assert browser.inside


def test_the_language_that_an_officer_chooses_is_theirs_at_every_computer(two, app, transaction) -> None:
    browser, first, second = two
    for _twice in range(2):
        answer = browser.leave("/desk/language/sw?back=/desk")
        assert browser.client.get(answer.location).location == "/desk"
    assert "Toka" in browser.client.get("/desk").text
    assert (row(transaction, second).language, row(transaction, first).language) == ("sw", "en")
    assert events(transaction).count("staff.language_chosen") == 1
    browser.leave("/desk/change-officer")
    browser.sign_in(first)
    assert "Sign out" in browser.client.get("/desk").text, "not the language of whoever was here before"
    browser.client.post("/desk/language/sw")
    assert row(transaction, first).language == "en", "only by a form of ours"


# A computer that officers share.


@pytest.fixture
def two(hire, app, clock) -> tuple[Browser, Person, Person]:
    """Two officers who have both signed in at one computer today; the second is there now."""
    browser, people = Browser(app), (hire("10234"), hire("10235"))
    for person in people:
        if browser.inside:
            browser.leave("/desk/change-officer")
        browser.post(f"{SIGN_IN}?other=1", username=person.username, password=person.password)
        browser.set_up_phone(person)
        clock.time += timedelta(minutes=1)
    return browser, *people


def test_whoever_gave_their_code_here_today_needs_only_the_password(two, app) -> None:
    browser, first, _second = two
    browser.leave("/desk/change-officer")
    page = browser.client.get(SIGN_IN).text
    assert "Who are you?" in page
    assert "Officer 10234" in page
    assert "Officer 10235" in page
    assert "Choose who you are." in browser.post(SIGN_IN, password=first.password).text
    assert browser.sign_in(first).status_code == 302
    assert browser.inside
    assert "Officer 10234" in browser.client.get("/desk").text
    elsewhere = Browser(app)
    assert "Officer" not in elsewhere.client.get(SIGN_IN).text
    assert elsewhere.sign_in(first).location.startswith(CODE)


def test_it_is_forgotten_after_twelve_hours_and_by_signing_out(two, clock) -> None:
    browser, first, second = two
    browser.leave("/desk/sign-out")
    page = browser.client.get(SIGN_IN).text
    assert "Officer 10234" in page
    assert "Officer 10235" not in page
    assert browser.post(f"{SIGN_IN}?other=1", username=second.username, password=second.password).location.startswith(
        CODE
    )
    clock.time += timedelta(hours=12)
    assert "Officer" not in browser.client.get(SIGN_IN).text
    assert browser.sign_in(first).location.startswith(CODE)


def test_signing_out_from_a_page_that_wore_out_takes_this_computer_off_too(two, clock) -> None:
    browser, first, second = two
    for leaves, known in (("/desk/change-officer", True), ("/desk/sign-out", False)):
        page = browser.client.get("/desk")
        clock.time += timedelta(minutes=31)
        browser.post_from(page, leaves)
        assert ("Officer 10235" in browser.client.get(SIGN_IN).text) == known
        if known:
            browser.sign_in(second)
    assert browser.sign_in(first).location == "/desk", "the other one goes on"
    browser.leave("/desk/change-officer")
    assert browser.sign_in(second).location.startswith(CODE)


def test_what_stands_in_a_tab_of_one_officer_is_not_done_in_the_name_of_the_next(two, clock, transaction) -> None:
    browser, first, second = two
    for comes, language in ((second, "sw"), (first, "en")):
        tab = browser.client.get("/desk")
        clock.time += timedelta(minutes=31)
        assert not browser.inside
        browser.sign_in(comes)
        browser.post_from(tab, "/desk/language/sw")
        assert row(transaction, comes).language == language


def test_a_reset_is_known_at_every_computer(two, transaction) -> None:
    browser, first, _second = two
    browser.leave("/desk/change-officer")
    with transaction() as db:
        forget_second_factor(db, row(transaction, first).id, asked=asked("phone"))
    assert "Officer 10234" not in browser.client.get(SIGN_IN).text
    assert browser.sign_in(first).location == PHONE


def test_the_cookies_are_for_no_script_and_for_no_other_site(two, app) -> None:
    browser, _first, _second = two
    cookies = [browser.client.get_cookie("zamu"), browser.client.get_cookie("zamu-desk", path="/desk")]
    for cookie in cookies:
        assert cookie
        assert cookie.http_only
        assert cookie.same_site == "Lax"


def test_a_cookie_made_by_somebody_else_says_nothing(two, app, transaction) -> None:
    browser, first, _second = two
    theirs = browser.client.get_cookie("zamu-desk", path="/desk").value
    forger = Browser(app)
    forger.client.set_cookie("zamu-desk", "x" + theirs, path="/desk")
    assert forger.sign_in(first).location.startswith(CODE)


# Passwords.


@pytest.mark.parametrize(
    ("new", "again", "sentence"),
    [
        ("short", "short", "Use at least 10 characters"),
        ("10234-10234", "10234-10234", "must not be in your password"),
        ("our OFFICER at the door", "our OFFICER at the door", "must not be in your password"),
        ("password12345", "password12345", "one of the passwords that are guessed first"),
        ("Karibu@2026", "Karibu@2026", "one of the passwords that are guessed first"),
        ("long enough it is", "another one it is", "This is not the same as above"),
    ],
)
def test_a_password_is_long_and_ones_own(with_phone, app, new, again, sentence) -> None:
    browser = inside(app, with_phone)
    fields = {"password": with_phone.password, "new_password": new, "new_password_confirm": again}
    assert sentence in browser.post("/desk/password", **fields).text
    assert (
        "This is the password you have now"
        in browser.post(
            "/desk/password",
            **fields | {"new_password": with_phone.password, "new_password_confirm": with_phone.password},
        ).text
    )


def test_changing_the_password_takes_the_old_one_and_ends_other_sessions(with_phone, app, clock) -> None:
    other = inside(app, with_phone)
    clock.time += timedelta(minutes=1)
    browser = inside(app, with_phone)
    fields = {"new_password": OWN, "new_password_confirm": OWN}
    assert "That is not your password" in browser.post("/desk/password", password="wrong", **fields).text
    assert browser.post("/desk/password", password=with_phone.password, **fields).location == "/desk"
    assert browser.inside
    assert not other.inside


def test_the_pages_of_signing_in_speak_kiswahili(app) -> None:
    browser = Browser(app)
    browser.client.get("/language/sw")
    answer = browser.post(SIGN_IN, username="nobody", password="wrong")
    assert "Ingia" in answer.text
    assert NOT_RIGHT not in answer.text
