"""The last part of `make bench-search`: how long pages of the desk and the portal take in a database that is full.

Beside the bookings and documents stand a message and two events for each
booking, of the last ninety days in the order in which they came: a citizen's
own deed, and one of an officer's. One message in fifty came to nothing. Whole
pages are asked for through the application itself, signed in as those who may
see them; what they look for is another one each time.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.catalogue.tables import Service, Site
from core.clock import local_date, utc_now
from core.db import Transaction, transactions
from core.people.register import Register
from core.references import new_reference
from core.settings import Settings
from core.staff.roles import Role
from core.tracking.tables import Document
from tests.browser.seated import cookie_of
from tests.desk.pages import unseen
from web.app import create_app

ASKED = 60
A_MOMENT_MS = 100
"""What a person feels as at once, as in bench.search."""
DAYS = 90
OFFICERS_A_CENTRE = 30
SITE = "GPO"
SENT_TO_EACH = 40
"""Messages to each phone that somebody asks about: more than most will ever get."""
PEOPLE = 1_000
"""Of today, who can be asked for."""
BINS = 40
TRACKED = 50
PROOF = "678"
NOTHING = "Nothing found in these days"
NAMED = 'id="who"'


_STAFF = """
    INSERT INTO staff (username, name, role, site_id, password, fs_uniquifier, created_at)
    SELECT 'officer' || i, 'Officer ' || i, 'counter', ids[1 + i % array_length(ids, 1)], 'not a hash', 'bench' || i,
           now()
    FROM (SELECT array_agg(id ORDER BY id) AS ids FROM sites) sites,
         generate_series(1, :officers * array_length(ids, 1)) i
"""
_MESSAGES = """
    INSERT INTO messages (person_id, lane, template, arguments, language, subject, valid_until, status, not_before,
                          attempts, claimed_at, gateway, gateway_id, error, created_at, status_at)
    SELECT i, CASE i % 10 WHEN 0 THEN 'bulk' ELSE 'interactive' END, 'booking_confirmed', '{}', 'en', 'booking:' || i,
           at + interval '1 day', status, at, 1, at, 'bench', CASE status WHEN 'unknown' THEN NULL ELSE 'g' || i END,
           CASE status WHEN 'failed' THEN (ARRAY['invalid_phone', 'blocked', 'gateway_busy'])[1 + i / 150 % 3]
                       WHEN 'withheld' THEN 'a_day' END, at, at
    FROM (SELECT i, now() - make_interval(secs => :span * (:n - i) / :n) AS at,
                 CASE WHEN i % 50 = 0 THEN (ARRAY['failed', 'expired', 'withheld'])[1 + i / 50 % 3]
                      WHEN i % 5000 = 1 THEN 'unknown' ELSE 'delivered' END AS status
          FROM generate_series(1, :n) i) sent
"""
_BOOKED = """
    INSERT INTO events (at, channel, actor_id, who, name, subject)
    SELECT now() - make_interval(secs => :span * (:n - i / 2) / :n), CASE i % 2 WHEN 0 THEN 'ussd' ELSE 'desk' END,
           CASE i % 2 WHEN 0 THEN i / 2 END,
           CASE i % 2 WHEN 1 THEN 'officer' || 1 + abs(hashint8(i / 2)) % officers END,
           CASE WHEN i % 2 = 0 THEN 'booking.confirmed' ELSE names[1 + i / 2 % 4] END,
           CASE WHEN i % 2 = 0 OR i / 2 % 4 < 3 THEN 'booking:' || i / 2 ELSE 'citizens' END
    FROM (SELECT count(*) AS officers FROM staff) staff,
         (SELECT ARRAY['booking.checked_in', 'booking.served', 'booking.seen', 'citizens.searched'] AS names) said,
         generate_series(2, 2 * :n + 1) i
"""
_MOVED = """
    INSERT INTO events (at, channel, who, name, subject, details)
    SELECT now() - make_interval(hours => id), 'desk', 'officer1', 'staff.changed', 'staff:' || id,
           jsonb_build_object('site_was', site_id::text)
    FROM staff WHERE id % 10 = 0
"""
_TO_EACH = """
    INSERT INTO messages (person_id, lane, template, arguments, language, subject, valid_until, status, not_before,
                          attempts, claimed_at, gateway, gateway_id, created_at, status_at)
    SELECT contact_id, 'interactive', 'booking_confirmed', '{}', 'en', 'booking:' || id, now(), 'delivered', now(), 1,
           now(), 'bench', 'e' || id || '-' || i, now(), now()
    FROM bookings, generate_series(1, :each) i WHERE reference = ANY(:references)
"""


@dataclass(frozen=True, slots=True)
class Asking:
    """A page that is asked for again and again, for another thing each time."""

    name: str
    client: FlaskClient
    address: Callable[[int], str]
    shows: str
    """Stands on it: otherwise it is another page, and its time is no figure."""
    typed: Callable[[int], dict[str, str]] | None = None
    """What is typed into the form of that page; its time is the form's, with the page that it leads to."""


def fill(connection: sa.Connection, bookings: int) -> None:
    """Messages, events and officers, as so many bookings leave them behind."""
    connection.execute(sa.text(_STAFF), {"officers": OFFICERS_A_CENTRE})
    span = {"n": bookings, "span": timedelta(days=DAYS).total_seconds()}
    connection.execute(sa.text(_MESSAGES), span)
    connection.execute(sa.text(_BOOKED), span)
    connection.execute(sa.text(_MOVED))


def measure(settings: Settings, references: Sequence[str]) -> None:
    """References: of the bookings at GPO today, whose nth phone is 0733 and six digits."""
    app = create_app(settings)
    engine = app.extensions["engine"]
    transaction = transactions(engine)
    tracked = prepare(transaction, Register(settings.secret_key), references)
    statements = Counted(engine)
    chance = random.Random(191)
    print(f"{'page':44}{'p50 ms':>8}{'p95 ms':>8}{'SQL':>6}{'KB':>6}")
    for asking in askings(app, transaction, references, tracked):
        took, size = [], 0
        one_by_one(asking, chance.randrange(PEOPLE))  # the first of its kind makes templates
        statements.number = 0
        for _time in range(ASKED):
            seconds, size = one_by_one(asking, chance.randrange(PEOPLE), statements)
            took.append(seconds * 1000)
        p95 = statistics.quantiles(took, n=20)[18]
        verdict = "" if p95 <= A_MOMENT_MS else f"  more than {A_MOMENT_MS} ms"
        counted = statements.number / ASKED
        print(f"{asking.name:44}{statistics.median(took):8.1f}{p95:8.1f}{counted:6.0f}{size / 1024:6.0f}{verdict}")
    engine.dispose()


class Counted:
    """The statements that are sent to the database while a page is waited for."""

    def __init__(self, engine: sa.Engine) -> None:
        self.number, self.on = 0, False
        sa.event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, *_args: object) -> None:
        self.number += self.on


def one_by_one(asking: Asking, nth: int, statements: Counted | None = None) -> tuple[float, int]:
    """Ask once. Returns seconds and bytes."""
    address = asking.address(nth)
    data = unseen(asking.client.get(address).text) | asking.typed(nth) if asking.typed else None
    if statements:
        statements.on = True
    started = time.perf_counter()
    if data is None:
        answer = asking.client.get(address)
    else:
        answer = asking.client.post(address, data=data, follow_redirects=True)
    took = time.perf_counter() - started
    if statements:
        statements.on = False
    if answer.status_code != 200 or asking.shows not in answer.text:
        raise SystemExit(f"{asking.name}: {address} answers {answer.status_code}, without {asking.shows!r}: no figure")
    return took, len(answer.data)


def prepare(transaction: Transaction, people: Register, references: Sequence[str]) -> list[str]:
    """Messages for each who is asked about, and documents with a proof; the numbers of these."""
    with transaction() as db:
        db.execute(sa.text(_TO_EACH), {"each": SENT_TO_EACH, "references": list(references)})
        service = db.scalars(sa.select(Service.id).order_by(Service.id)).first()
        site = db.scalars(sa.select(Site.id).where(Site.code == SITE)).one()
        numbers = [new_reference() for _nth in range(TRACKED)]
        now = utc_now()
        db.execute(
            sa.insert(Document),
            [
                {
                    "tracking_number": number,
                    "service_id": service,
                    "site_id": site,
                    "stage": "in_process",
                    "stage_since": now,
                    "proof_index": people.proof_index(number, PROOF),
                    "created_at": now,
                }
                for number in numbers
            ],
        )
    return numbers


def askings(app: Flask, transaction: Transaction, references: Sequence[str], tracked: Sequence[str]) -> list[Asking]:
    def at_desk(role: Role, site: str | None = None) -> FlaskClient:
        client = app.test_client()
        client.set_cookie("zamu", cookie_of(app, transaction, f"bench-{role}", role, site=site, now=utc_now()))
        return client

    agent, counter, manager = at_desk(Role.AGENT), at_desk(Role.COUNTER, SITE), at_desk(Role.MANAGER, SITE)
    secretariat, auditor = at_desk(Role.SECRETARIAT), at_desk(Role.AUDITOR)
    now = utc_now()
    today = local_date(now)
    year, month = f"since={today - timedelta(days=360)}", f"since={today - timedelta(days=30)}"

    def phone(nth: int) -> str:
        return f"0733{nth:06d}"

    def deep(days: float) -> str:
        return f"after={int((now - timedelta(days=days)).timestamp() * 1_000_000)}-0"

    def to(address: str) -> Callable[[int], str]:
        return lambda _nth: address

    citizens, messages, dead, audit, shelf = (
        f"/desk/{page}" for page in ("citizens", "messages", "messages/dead", "audit", "shelf")
    )
    row, lies, found = '<tr class="govuk-table__row">', 'href="/desk/documents/d', "Phone ending in"
    return [
        Asking("a citizen by phone, agent", agent, to(citizens), found, lambda nth: {"text": phone(nth)}),
        Asking(
            "a citizen by ID number, agent", agent, to(citizens), found, lambda nth: {"text": str(30_000_000 + nth)}
        ),
        Asking("a citizen by booking, agent", agent, to(citizens), found, lambda nth: {"text": references[nth]}),
        Asking("a citizen by phone, counter", counter, to(citizens), found, lambda nth: {"text": phone(nth)}),
        Asking("messages to a phone, agent", agent, to(messages), row, lambda nth: {"phone": phone(nth)}),
        Asking("messages to a phone, manager", manager, to(messages), row, lambda nth: {"phone": phone(nth)}),
        Asking("unknown messages", secretariat, to("/desk/messages/unknown"), row),
        Asking("dead letters", secretariat, to(dead), row),
        Asking("dead letters, a deep page", secretariat, to(f"{dead}?{deep(80)}"), row),
        Asking("dead letters for one reason", secretariat, to(f"{dead}?reason=invalid_phone"), row),
        Asking("dead letters for one reason, deep", secretariat, to(f"{dead}?reason=invalid_phone&{deep(80)}"), row),
        Asking("dead letters for a reason of nobody", secretariat, to(f"{dead}?reason=unheard_of"), "no message here"),
        Asking("audit, a week", auditor, to(audit), row),
        Asking("audit, a deep page", auditor, to(f"{audit}?{year}&{deep(80)}"), row),
        Asking("audit by who", auditor, lambda nth: f"{audit}?{year}&who=officer{1 + nth}", row),
        Asking("audit by what", auditor, to(f"{audit}?{year}&name=booking.served"), row),
        Asking("audit by what, rare", auditor, to(f"{audit}?{year}&name=staff.changed"), row),
        Asking("audit by what, never done", auditor, to(f"{audit}?{year}&name=intake.begun"), NOTHING),
        Asking(
            "audit by who and what",
            auditor,
            lambda nth: f"{audit}?{year}&who=officer{1 + nth}&name=booking.served",
            NAMED,
        ),
        Asking("audit by subject", auditor, lambda nth: f"{audit}?{year}&about=booking:{1 + nth}", row),
        Asking("audit by subject, of many events", auditor, to(f"{audit}?{year}&about=citizens"), row),
        Asking("audit of everybody", auditor, to(f"{audit}?{month}&everybody=yes"), row),
        Asking("audit of everybody, a deep page", auditor, to(f"{audit}?{month}&everybody=yes&{deep(29)}"), row),
        Asking("audit of everybody by what", auditor, to(f"{audit}?{month}&everybody=yes&name=booking.confirmed"), row),
        Asking(
            "audit of everybody by what, never done",
            auditor,
            to(f"{audit}?{month}&everybody=yes&name=waitlist.left"),
            NOTHING,
        ),
        Asking("audit of a centre, manager", manager, to(audit), row),
        Asking("audit of a centre, a deep page", manager, to(f"{audit}?{year}&{deep(80)}"), row),
        Asking("audit of a centre by what", manager, to(f"{audit}?{year}&name=booking.served"), row),
        Asking("the shelf", counter, to(shelf), lies),
        Asking("the shelf, a deep page", counter, to(f"{shelf}?{deep(2)}"), lies),
        Asking("one bin of the shelf", counter, lambda nth: f"{shelf}?shelf=A{nth % BINS}", lies),
        Asking("the shelf, those without a phone", counter, to(f"{shelf}?untold=1"), lies),
        Asking("the day of a centre", counter, to("/desk/today"), row),
        Asking(
            "a document tracked on the portal",
            app.test_client(),
            to("/document"),
            "Hide this",
            lambda nth: {"number": tracked[nth % len(tracked)], "proof": PROOF},
        ),
    ]
