"""axe finds nothing on any page, in either language; nor does a page stick out of a small screen or speak half English."""

import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from core.catalogue.tables import Agency, Site
from core.db import Transaction, make_engine, transactions
from core.people.register import Register
from core.people.tables import PhoneCode
from core.phones import parse_phone
from core.settings import Settings
from core.staff.roles import AT_A_CENTRE, OF_AN_AGENCY, Role
from core.staff.tables import Staff
from core.tracking.demo import make_demo_documents
from core.wording import LANGUAGES
from tests.browser.axe import NOT_LOOKED_AT, WIDTH, World, endpoints, faults, reader, sticks_out, visit
from tests.conftest import CATALOGUE_TABLES, clear
from tests.portal.citizen import Citizen
from tests.support import NOW, SECRET_KEY, Clock, Database
from web.app import create_app

pytestmark = pytest.mark.browser

PHONE = "0711 000 001"


@cache
def mapped() -> Flask:
    """The application, for its map alone: it is connected to nothing."""
    nowhere = "postgresql+psycopg://zamu_app@/nowhere"
    return create_app(
        Settings(
            database_url=nowhere,
            database_owner_url=nowhere,
            redis_url="redis://127.0.0.1:1/0",
            queue_url="redis://127.0.0.1:1/0",
            secret_key=SECRET_KEY,
            callback_secrets=("a-secret-of-nobody",),
            data_dir=Path("unused"),
        )
    )


PAGES = endpoints(mapped())


@pytest.fixture(scope="module")
def world(town_database: Database, _town_settings: Settings) -> Iterator[World]:
    """A town with a few people in it, served to a browser."""
    app = create_app(_town_settings, now=Clock())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    engine = make_engine(_town_settings.database_url)
    try:
        yield inhabited(World(app, f"http://127.0.0.1:{server.port}"), transactions(engine), _town_settings)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        engine.dispose()
        app.extensions["engine"].dispose()
        clear(town_database, keep=CATALOGUE_TABLES)


def inhabited(world: World, transaction: Transaction, settings: Settings) -> World:
    """Documents, a booking, staff of every role; and the sessions of those who are in the middle of something."""
    register = Register(settings.secret_key)
    with transaction() as db:
        make_demo_documents(db, register, now=NOW)
    world.sessions["anybody"] = signed(world.app, {})
    for role in Role:
        world.sessions[role.value] = signed(world.app, hired(transaction, role))
    world.values |= {"service": "IDR", "site": "GPO", "code": "GPO", "services.service code": "IDR"}
    return world


def signed(app: Flask, session: dict[str, object]) -> str:
    """The cookie of a session."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return str(serializer.dumps(session))


def hired(transaction: Transaction, role: Role) -> dict[str, object]:
    """A member of staff with this role, and the session of who has just signed in."""
    with transaction() as db:
        officer = Staff(
            username=role.value,
            name="Amina Otieno",
            role=role,
            site_id=db.scalar(sa.select(Site.id).where(Site.code == "GPO")) if role in AT_A_CENTRE else None,
            agency_id=db.scalar(sa.select(Agency.id).where(Agency.code == "NRB")) if role in OF_AN_AGENCY else None,
            language="en",
            password="not a hash: nobody signs in with it",
            must_change_password=False,
            fs_uniquifier=f"session-of-{role}",
            created_at=NOW,
        )
        db.add(officer)
    began = int(NOW.timestamp())
    return {
        "_user_id": officer.fs_uniquifier,
        "_fresh": True,
        "fs_paa": time.time(),
        "desk_since": began,
        "desk_seen": began,
    }


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One tab on a small screen. What the page says in the console fails the test that looks."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 640})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def axe() -> Axe:
    return Axe()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("endpoint", sorted(PAGES.keys() - NOT_LOOKED_AT.keys()))
def test_axe_finds_nothing(endpoint: str, language: str, world: World, tab: Page, axe: Axe) -> None:
    url = world.url(endpoint, PAGES[endpoint])
    status = visit(tab, world, url, world.session(endpoint, language))
    assert status == 200, f"{url} answers {status}"
    assert tab.url == url, f"{url} leads to {tab.url}: say in this file what it needs, or in axe.py why it is not visited"
    assert faults(tab, axe, language) == []
    if reader(world.app, endpoint) is None:
        assert sticks_out(tab) == []


def test_what_is_not_looked_at_is_still_there() -> None:
    assert set(NOT_LOOKED_AT) <= set(PAGES)
