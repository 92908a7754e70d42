"""`make bench-2g`: what a citizen waits for on an old Android over 2G, page by page, in a real Chromium.

The screen is the smallest that counts, the processor six times slower, the line
as slow as the table of LINES says (through the browser's own emulation, which
delays each answer and meters its bytes, and leaves out what setting up a
connection costs). The application is served as it is deployed. The first page is
opened by a browser that has nothing of it yet; then a place is booked to the
end, and a document found. The same with scripts off. What the citizen types and
reads in between is not counted: only from a press until the next page is there.
"""

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

from bench.gateway import free_port
from bench.hops import served_environment, serving
from core.clock import utc_now
from core.db import Transaction, make_engine, transactions
from core.people.register import Register
from core.people.tables import PhoneCode
from core.phones import parse_phone
from core.settings import Settings
from core.tracking.demo import DEMO, make_demo_documents
from migrations import migrate
from tests.browser.conftest import QUIET
from tests.browser.everything import chromium
from web.local.scratch import scratch_servers
from web.seeding import seed_database

SCREEN = ViewportSize(width=320, height=480)
SLOWER = 6
"""Times: the processor of the phone."""
WAIT_MS = 120_000


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    down: int
    """Bits a second."""
    up: int
    delay: int
    """Milliseconds, of each answer."""


LINES = (
    Line("GPRS", 50 * 1024, 20 * 1024, 500),  # Chrome's DevTools had a preset of this name with these numbers
    Line("EDGE", 240 * 1024, 200 * 1024, 300),
)


@dataclass(slots=True)
class Visit:
    """One page, from the press that leads to it."""

    name: str
    began: float = 0.0
    painted: float | None = None
    loaded: float | None = None
    """Seconds of the browser's own clock, all three."""
    bytes: int = 0
    """Heads and bodies, as they came over the line."""
    requests: int = 0
    """That went over the line, redirects too."""


@dataclass
class Watch:
    """What a tab fetches and when it shows it, told by the browser: a page without scripts can tell nothing."""

    line: CDPSession
    visits: list[Visit] = field(default_factory=lambda: [Visit("the tab, as it is opened")])
    frame: str = ""

    def __post_init__(self) -> None:
        for event, note in (
            ("Network.requestWillBeSent", self._asks),
            ("Network.loadingFinished", self._came),
            ("Page.lifecycleEvent", self._shows),
        ):
            self.line.on(event, note)
        self.line.send("Network.enable")
        self.line.send("Page.enable")
        self.frame = self.line.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self.line.send("Page.setLifecycleEventsEnabled", {"enabled": True})

    def slow_down(self, line: Line) -> None:
        speed = {"downloadThroughput": line.down / 8, "uploadThroughput": line.up / 8, "latency": line.delay}
        self.line.send("Network.emulateNetworkConditions", {"offline": False, **speed})
        self.line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})

    def _asks(self, event: Any) -> None:
        visit = self.visits[-1]
        if event["type"] == "Document" and not visit.began:
            visit.began = event["timestamp"]
        elsewhere = event.get("redirectResponse")
        if elsewhere:
            visit.bytes += int(elsewhere["encodedDataLength"])
            visit.requests += 1

    def _came(self, event: Any) -> None:
        size = int(event["encodedDataLength"])
        self.visits[-1].bytes += size
        self.visits[-1].requests += size > 0  # what was kept from the last page comes from nowhere

    def _shows(self, event: Any) -> None:
        visit = self.visits[-1]
        if event["frameId"] != self.frame or not visit.began or event["timestamp"] < visit.began:
            return
        if event["name"] == "firstContentfulPaint" and visit.painted is None:
            visit.painted = event["timestamp"]
        elif event["name"] == "load":
            visit.loaded = event["timestamp"]


@dataclass(frozen=True, slots=True)
class Citizen:
    """A browser on a slow line, and what it has waited for."""

    page: Page
    watch: Watch

    def goes(self, name: str, press: Callable[[], object]) -> None:
        """Press, and wait until the next page has painted and loaded.

        Raises:
            SystemExit: it has not come.
        """
        visit = Visit(name)
        self.watch.visits.append(visit)
        press()
        until = time.monotonic() + WAIT_MS / 1000
        while visit.painted is None or visit.loaded is None:
            self.page.wait_for_timeout(50)  # a line is not quiet when its page is there: only what it tells counts
            if time.monotonic() > until:
                raise SystemExit(f"{name}: the page has not come: {self.page.url}")

    def opens(self, name: str, address: str) -> None:
        self.goes(name, lambda: self.page.goto(address, timeout=WAIT_MS))

    def follows(self, name: str, link: str) -> None:
        self.goes(name, self.page.get_by_role("main").get_by_role("link", name=link, exact=True).click)

    def presses(self, name: str, button: str | None = None) -> None:
        self.goes(name, self.page.get_by_role("main").get_by_role("button", name=button).last.click)

    def types(self, label: str, text: str) -> None:
        self.page.get_by_label(label).fill(text)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zamu-bench-") as folder, scratch_servers() as servers:
        env, port = served_environment(servers, Path(folder)), free_port()
        migrate(servers.database.owner)
        settings = Settings.from_environment(env)
        seed_database(settings, demo=True, now=utc_now())
        engine = make_engine(settings.database_url)
        transaction, register = transactions(engine), Register(settings.secret_key)
        with transaction() as db:
            make_demo_documents(db, register, now=utc_now())
        with serving("wsgi:app", port, env, Path(os.devnull)), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
            number = 60
            for line in LINES:
                for scripts in (True, False):
                    number += 1
                    phone = f"+2547110000{number}"
                    sms = partial(code, transaction, register, phone)
                    with on_a_line(browser, line, scripts=scripts) as citizen:
                        walk(citizen, f"http://127.0.0.1:{port}", phone, sms)
                        tell(line, scripts, citizen.watch.visits[1:])
            browser.close()
        engine.dispose()


@contextlib.contextmanager
def on_a_line(browser: Browser, line: Line, *, scripts: bool) -> Iterator[Citizen]:
    """A browser that has never been here."""
    context = browser.new_context(
        viewport=SCREEN, is_mobile=True, has_touch=True, java_script_enabled=scripts, locale="en-KE"
    )
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    watch = Watch(context.new_cdp_session(page))
    watch.slow_down(line)
    yield Citizen(page, watch)
    context.close()


def walk(citizen: Citizen, address: str, phone: str, sms: Callable[[], str]) -> None:
    """The first page, a whole booking, and a document."""
    document = DEMO[0]
    citizen.opens("first page, nothing kept", address)
    citizen.presses("which service", "Book a visit")
    citizen.follows("where", "Replace lost national ID")
    citizen.follows("which centre", "Nairobi")
    citizen.goes("when", citizen.page.get_by_role("link", name=re.compile("Makadara")).click)
    citizen.presses("which phone")
    citizen.types("Your phone number", phone)
    citizen.presses("the code", "Send me the code")
    citizen.types("The 6 digits in the SMS", sms())
    citizen.presses("who comes", "Continue")
    citizen.types("The ID number of the person coming", f"234567{phone[-2:]}")
    citizen.presses("check", "Continue")
    citizen.presses("booked", "Confirm my booking")
    citizen.goes("my document", citizen.page.get_by_role("contentinfo").get_by_role("link", name="My document").click)
    citizen.types("Document number", document.tracking_number)
    citizen.types("Last 3 digits", document.proof)
    citizen.presses("where it is", "Find it")


def code(transaction: Transaction, register: Register, phone: str) -> str:
    """What the SMS says."""
    with transaction() as db:
        contact = register.find_contact(db, parse_phone(phone))
        assert contact is not None
        nth = db.scalars(sa.select(PhoneCode.nth).where(PhoneCode.contact_id == contact.id)).one()
        return register.phone_code(contact.id, nth)


def tell(line: Line, scripts: bool, visits: list[Visit]) -> None:
    speed = f"{line.down // 1024}/{line.up // 1024} kbit/s, {line.delay} ms"
    print(f"\n{line.name} ({speed}), scripts {'on' if scripts else 'off'}")
    print(f"{'':28}{'painted s':>10}{'loaded s':>10}{'KB':>8}{'requests':>10}")
    for visit in visits:
        _row(visit.name, visit)
    _row("booking, all waited for", *visits[:-2])
    _row("document, all waited for", *visits[-2:])


def _row(name: str, *visits: Visit) -> None:
    painted = sum((visit.painted or 0) - visit.began for visit in visits)
    loaded = sum((visit.loaded or 0) - visit.began for visit in visits)
    size, requests = sum(visit.bytes for visit in visits) / 1024, sum(visit.requests for visit in visits)
    print(f"{name:28}{painted:10.1f}{loaded:10.1f}{size:8.1f}{requests:10}")


if __name__ == "__main__":
    main()
