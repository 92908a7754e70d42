"""`make pictures`: the main pages as they look, for the README and the guides, in docs/pictures.

The phone is pictured on everything that `make run` starts; the pages in a town
that is inhabited, with the centre that people practise at.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Browser, expect, sync_playwright

from core.catalogue.tables import Site
from core.db import make_engine, transactions
from core.people.register import Register
from core.staff.roles import Role
from core.staff.tables import Staff
from core.visits.practice import CODE, make_practice_day
from tests.browser.axe import World, endpoints, visit
from tests.browser.conftest import QUIET
from tests.browser.everything import chromium, everything_running
from tests.browser.inhabited import DAY_AFTER, inhabit
from tests.browser.served import served
from tests.conftest import make_database, settings_for
from tests.support import NOW, Clock
from web.app import create_app
from web.local.scratch import scratch_servers
from web.seeding import seed_database

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
STEPS = ("*191*9#", "1", "1", "1", "1")
PHONE, DESK = (360, 640), (1100, 780)


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    endpoint: str
    size: tuple[int, int]
    language: str = "en"


PICTURES = (
    Picture("first-page", "home.home", PHONE),
    Picture("times", "booking.times", PHONE),
    Picture("document", "tracking.status", PHONE),
    Picture("today", "today.today", (1100, 1180)),
    Picture("documents", "shelf.shelf", DESK),
    Picture("closing", "closures.system_down", DESK),
    Picture("campaign", "campaigns.campaign", DESK),
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        picture_the_phone(browser)
        picture_the_pages(browser)
        browser.close()


def picture_the_phone(browser: Browser) -> None:
    """In the middle of a booking."""
    with everything_running() as running:
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        page.goto(running.simulator)
        for step in STEPS:
            page.get_by_label("Dial or answer").fill(step)
            before = page.get_by_role("status", name="Phone screen").inner_text()
            page.get_by_role("button", name="Call or send").click()
            expect(page.get_by_role("status", name="Phone screen")).not_to_have_text(before, use_inner_text=True)
        page.screenshot(path=FOLDER / "phone.png")
        page.close()


def picture_the_pages(browser: Browser) -> None:
    with scratch_servers() as servers:
        database = make_database(servers, "town")
        settings = settings_for(database, servers, data_dir=Path(tempfile.gettempdir()))
        seed_database(settings, demo=True, now=NOW)
        engine = make_engine(database.app)
        with transactions(engine)() as db:
            make_practice_day(db, Register(settings.secret_key), now=DAY_AFTER)
        clock = Clock()
        app = create_app(settings, now=clock)
        with served(app) as address:
            world = inhabit(World(app, address), settings, clock)
            with transactions(engine)() as db:
                practice = sa.select(Site.id).where(Site.code == CODE).scalar_subquery()
                db.execute(sa.update(Staff).where(Staff.username == Role.MANAGER.value).values(site_id=practice))
            for picture in PICTURES:
                take(browser, world, picture)
        app.extensions["engine"].dispose()
        engine.dispose()


def take(browser: Browser, world: World, picture: Picture) -> None:
    width, height = picture.size
    page = browser.new_page(viewport={"width": width, "height": height})
    url = world.url(picture.endpoint, endpoints(world.app)[picture.endpoint])
    status = visit(page, world, url, world.session(picture.endpoint, picture.language))
    if status != 200:
        raise SystemExit(f"{url} answers {status}: there is no picture of it")
    page.screenshot(path=FOLDER / f"{picture.name}.png")
    page.close()


if __name__ == "__main__":
    main()
