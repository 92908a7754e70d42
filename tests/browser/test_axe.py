"""axe finds nothing on any page, in either language; none sticks out of a small screen or speaks half English."""

import contextlib
from collections.abc import Iterator

import pytest
import redis
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from core.catalogue.tables import CatalogueVersion, Closure, Offering
from core.settings import Settings
from core.wording import LANGUAGES
from tests.browser.axe import NOT_LOOKED_AT, WIDTH, World, endpoints, faults, reader, unconnected, visit
from tests.browser.inhabited import inhabit
from tests.browser.served import served
from tests.conftest import CATALOGUE_TABLES, clear
from tests.support import Clock, Database
from web.app import create_app

pytestmark = pytest.mark.browser


PAGES = endpoints(unconnected())


@pytest.fixture(scope="module")
def world(town_database: Database, _town_settings: Settings) -> Iterator[World]:
    """A town with a few people in it, served to a browser."""
    clock = Clock()
    app = create_app(_town_settings, now=clock)
    try:
        with served(app) as address:
            yield inhabit(World(app, address), _town_settings, clock)
    finally:
        app.extensions["engine"].dispose()
        clear(town_database, keep=CATALOGUE_TABLES)
        open_again(town_database)
        with contextlib.closing(redis.Redis.from_url(_town_settings.redis_url)) as client:
            client.flushall()


def open_again(town: Database) -> None:
    """What is closed belongs to the catalogue, which other tests go on with."""
    engine = sa.create_engine(town.owner, poolclass=sa.pool.NullPool)
    with engine.begin() as db:
        db.execute(sa.delete(Closure))
        db.execute(sa.update(Offering).values(open=True))
        db.execute(sa.update(CatalogueVersion).values(version=CatalogueVersion.version + 1))


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One tab on a small screen, with axe on every page that it opens."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 640})
    context.add_init_script(Axe().axe_script)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("endpoint", sorted(PAGES.keys() - NOT_LOOKED_AT.keys()))
def test_axe_finds_nothing(endpoint: str, language: str, world: World, tab: Page) -> None:
    url = world.url(endpoint, PAGES[endpoint])
    status = visit(tab, world, url, world.session(endpoint, language))
    assert status == 200, f"{url} answers {status}"
    assert tab.url == url, f"{url} leads to {tab.url}: say in inhabited.py what it needs, or in axe.py why not"
    assert faults(tab, language, narrow=reader(world.app, endpoint) is None) == []


def test_what_is_not_looked_at_is_still_there() -> None:
    assert set(NOT_LOOKED_AT) <= set(PAGES)


# What is not asked for by name: pages of what went wrong.


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/too-big", 413), ("/desk/nothing", 404)])
def test_axe_finds_nothing_on_pages_of_errors(path: str, status: int, language: str, world: World, tab: Page) -> None:
    assert visit(tab, world, world.address + path, world.session("home.home", language)) == status
    assert faults(tab, language) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("endpoint", ["tracking.look", "own_booking.find", "own_booking.phone", "sign_in.login"])
def test_axe_finds_nothing_on_a_form_that_says_what_is_wrong(
    endpoint: str, language: str, world: World, tab: Page
) -> None:
    visit(tab, world, world.url(endpoint, PAGES[endpoint]), world.session(endpoint, language))
    tab.locator("main button:not([type=button])").first.click()
    tab.locator(".govuk-error-summary").wait_for()
    assert faults(tab, language) == []
    for link in tab.locator(".govuk-error-summary a").all():
        assert tab.locator(str(link.get_attribute("href"))).count() == 1, "each line leads to its field"


# What POSTs answer that no address shows.

SENT_EMPTY = (
    "campaigns.new",
    "capacity.offering",
    "catalogue.edit",
    "citizens.find",
    "closures.new",
    "collection.collect",
    "documents.documents",
    "intake.intake",
    "keys.new",
    "offerings.open_at_centre",
    "paper.paper",
    "staff.new",
    "today.today",
    "turned_away.why",
    "visits.served",
    "visits.walk_in",
)
"""A form of each kind that the desk has."""
TYPED = "main form[method=post] :is(input:not([type=hidden], [type=radio], [type=checkbox]), textarea)"


@pytest.mark.parametrize("endpoint", SENT_EMPTY)
def test_axe_finds_nothing_on_a_form_of_the_desk_that_is_sent_empty(endpoint: str, world: World, tab: Page) -> None:
    visit(tab, world, world.url(endpoint, PAGES[endpoint]), world.session(endpoint, "en"))
    tab.locator(TYPED).evaluate_all("fields => fields.forEach(field => { field.value = '' })")
    tab.locator("main form[method=post]:has(:is(input:not([type=hidden]), textarea)) button").first.click()
    tab.locator(".govuk-error-summary, .govuk-error-message").first.wait_for()
    assert faults(tab, "en", narrow=False) == []


@pytest.mark.parametrize(
    ("endpoint", "typed", "form", "heading"),
    [
        ("capacity.cap", {}, "form[method=post]", "Who is hit"),
        ("citizens.find", {"text": "22345678"}, "form[method=post]", "More than one phone has this number"),
        ("today.today", {"scanned": "{reference}"}, "form:has([name=scanned])", "Which of these?"),
        ("keys.new", {"name": "A printer", "scopes": True}, "form[method=post]", "A printer"),
        ("staff.colleague", {}, "form[action$=password]", "Temporary password of"),
        ("staff.colleague", {}, "form[action$=codes]", "Printed codes of"),
    ],
)
def test_axe_finds_nothing_on_what_a_form_answers(
    endpoint: str, typed: dict[str, str | bool], form: str, heading: str, world: World, tab: Page
) -> None:
    visit(tab, world, world.url(endpoint, PAGES[endpoint]), world.session(endpoint, "en"))
    for name, value in typed.items():
        field = tab.locator(f"main [name={name}]").first
        field.check() if value is True else field.fill(str(value).format(**world.values))
    tab.locator(f"main {form} button").first.click()
    tab.get_by_role("heading", level=1).or_(tab.locator(".zamu-shown")).filter(has_text=heading).first.wait_for()
    assert faults(tab, "en", narrow=False) == []
