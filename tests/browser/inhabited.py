"""A town with people in it, for looking at every page: citizens in the middle of things, staff of every role.

`world.values` says what stands in addresses, `world.sessions` whose cookie a
page needs where an anonymous citizen, or any member of staff with the right
role, would not see it.
"""

import io
import re
import time
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from core.booking import waitlist
from core.booking.beneficiaries import Beneficiary
from core.booking.closing import What, close
from core.booking.opening import close_offering
from core.booking.tables import Appointment, Booking, WaitlistOffer
from core.campaigns.criteria import Criteria
from core.campaigns.making import draft
from core.catalogue.editing.edit import Edit
from core.catalogue.live import LiveCatalogue
from core.db import Transaction, make_engine, transactions
from core.partners import appointments, keys
from core.partners.tables import Webhook
from core.partners.webhooks import Secrets as WebhookSecrets
from core.people.audit import Actor, Intent
from core.people.identities import Identity
from core.people.register import Register
from core.people.tables import PhoneCode
from core.phones import parse_phone
from core.settings import Settings
from core.staff.colleagues import ANYBODY, Asked, Newcomer, add, print_codes
from core.staff.roles import AT_A_CENTRE, OF_AN_AGENCY, Role
from core.staff.secrets import Secrets
from core.staff.tables import Staff
from core.tracking.consents import ask_consent
from core.tracking.demo import make_demo_documents
from core.tracking.tables import Document
from tests.browser.axe import World
from tests.desk.pages import token, unseen
from tests.journeys.phone import Phone
from tests.portal.citizen import Citizen
from tests.support import NOW, Clock

BOOKED, CHOOSING, WAITING = "0711 000 001", "0711 000 009", "0711 000 008"
READY, ALSO_BOOKED = "48217092", "27190465"
EDITS = ("catalogue.edit", "catalogue.verify")
DAY_AFTER = NOW + timedelta(hours=23, minutes=10)
"""Tuesday, 8:10 in Nairobi: the day of the visits booked on Monday."""


def inhabit(world: World, settings: Settings, clock: Clock) -> World:
    """Everybody and everything that pages need. It is Monday, and in the end Tuesday morning."""
    engine = make_engine(settings.database_url)
    transaction = transactions(engine)
    town = _Town(world, transaction, settings, clock)
    town.has_documents()
    town.has_bookings()
    town.has_somebody_offered_an_earlier_time()
    clock.time = DAY_AFTER
    town.has_staff()
    town.has_newcomers()
    town.has_somebody_who_is_choosing()
    town.has_somebody_who_has_booked()
    town.has_work_at_the_desk()
    engine.dispose()
    return world


class _Town:
    def __init__(self, world: World, transaction: Transaction, settings: Settings, clock: Clock) -> None:
        self.world, self.transaction, self.clock = world, transaction, clock
        self.settings = settings
        self.register, self.secrets = Register(settings.secret_key), Secrets(settings.secret_key)
        self.catalogue = LiveCatalogue(transaction).current()
        world.sessions["anybody"] = self.signed({})
        world.values |= {"service": "IDR", "site": "GPO", "code": "GPO", "lane": "bulk", "day": "2026-11-24"}
        world.values |= {f"{endpoint} code": "IDR" for endpoint in ("services.service", "offerings.of_service")}
        services = ("services.service", "offerings.of_service", "catalogue.service", "catalogue.one_fee", *EDITS)
        world.values |= {f"{endpoint} code": "IDR" for endpoint in services}
        world.values |= {"kind": "service", "part": "bring", "booking.day day": "2026-11-25"}
        world.values |= {"catalogue.one_fee day": "2026-10-31", "catalogue.one_fee what": "verify"}
        agency = self.catalogue.services["IDR"].agency_id
        world.queries |= {"booking.centres": "?place=Nairobi", "closures.system_down": f"?agency={agency}"}
        world.queries["turned_away.when"] = "?reason=system_down"
        world.queries["closures.absent"] = "?service=IDR"

    # What is there

    def has_documents(self) -> None:
        with self.transaction() as db:
            make_demo_documents(db, self.register, now=NOW)
            document = db.scalars(sa.select(Document).where(Document.tracking_number == READY)).one()
            collector = Identity("national_id", "23456789")
            asked = ask_consent(
                db,
                self.register,
                actor=Actor("desk", who="counter"),
                document_id=document.id,
                collector=collector,
                request_key="a consent",
                now=DAY_AFTER,
            )
        self.world.values |= {"number": READY, "person_id": document.contact_id, "consent_id": asked}
        until = (DAY_AFTER + timedelta(minutes=9)).isoformat()
        self.world.sessions["tracking.status"] = self.signed({"document": {"id": document.id, "until": until}})

    def has_bookings(self) -> None:
        """For Tuesday, some of which come on Tuesday. One person is booked by two phones."""
        for nth, service in enumerate(("Lost ID", "First ID", "Good conduct", "Driving licence", "Lost ID"), start=20):
            self.dials(f"+2547110000{nth}", service, identity=f"{20 + nth % 3}345678")
        with self.transaction() as db:
            expected = db.scalars(sa.select(Booking.reference).order_by(Booking.id)).first()
        for endpoint in self.pages("visits.") + self.pages("turned_away."):
            self.world.values[f"{endpoint} reference"] = expected

    def dials(self, number: str, service: str, identity: str) -> None:
        """Books by phone, whatever the service asks."""
        phone = Phone(self.world.app.test_client(), number).dials().chooses("Book a visit", service, "Nairobi", "GPO")
        phone.answers("1")
        if "Confirm" not in phone.screen:
            phone.answers(identity)
        phone.chooses("Confirm")

    def has_somebody_offered_an_earlier_time(self) -> None:
        offering = self.catalogue.offering("IDR", "GPO")
        assert offering is not None
        with self.transaction() as db:
            contact = self.register.contact(db, parse_phone(WAITING), now=NOW)
            waitlist.join(
                db,
                Intent(contact.id, "a wait", Actor("portal", contact.id), "en", NOW),
                service=offering.service,
                sites=[offering.site],
                first_day=date(2026, 11, 25),
                last_day=date(2026, 11, 27),
                beneficiary=Beneficiary(),
            )
        with self.transaction() as db:
            waitlist.tend(db, self.catalogue, now=NOW, limit=10)
        with self.transaction() as db:
            offer = db.scalars(sa.select(WaitlistOffer)).one()
            db.execute(sa.update(WaitlistOffer).values(expires_at=DAY_AFTER + timedelta(hours=1)))
        self.world.values["offer_id"] = offer.id
        self.world.sessions["waiting.offer"] = self.signed({"proven": [contact.id, DAY_AFTER.isoformat()]})

    # Who is there

    def has_staff(self) -> None:
        for role in Role:
            self.world.sessions[role.value] = self.signed(self.hired(role))
        manager, secretariat = (self.world.sessions[role.value] for role in (Role.MANAGER, Role.SECRETARIAT))
        for endpoint in ("home", "typed"):
            self.world.sessions[f"desk.{endpoint}"] = manager
        for endpoint in ("verify", "change_password", "mf_recovery_codes"):
            self.world.sessions[f"sign_in.{endpoint}"] = manager
        self.world.sessions["offerings.offerings"] = secretariat

    def hired(self, role: Role) -> dict[str, Any]:
        """A member of staff with this role; the session of who has just signed in."""
        with self.transaction() as db:
            officer = Staff(
                username=role.value,
                name="Amina Otieno",
                role=role,
                site_id=self.catalogue.sites["GPO"].id if role in AT_A_CENTRE else None,
                agency_id=self.catalogue.services["IDR"].agency_id if role in OF_AN_AGENCY else None,
                language="en",
                password="not a hash: nobody signs in with it",
                must_change_password=False,
                fs_uniquifier=f"session-of-{role}",
                created_at=NOW,
            )
            db.add(officer)
        if role is Role.COUNTER:
            self.world.values["staff_id"] = officer.id
        began = int(DAY_AFTER.timestamp())
        lasting = {"desk_since": began, "desk_seen": began, "fs_paa": time.time()}
        return {"_user_id": officer.fs_uniquifier, "_fresh": True} | lasting

    def has_newcomers(self) -> None:
        """In the middle of signing in: one without a phone for codes yet, one with an app, one with printed codes."""
        self.world.sessions["sign_in.two_factor_setup"] = self.cookie(self.signs_in("newcomer"))
        self.world.sessions["sign_in.mf_recovery"] = self.cookie(self.signs_in("printed", codes=True))
        self.sets_up_an_app(self.signs_in("app"))
        with_app = self.cookie(self.signs_in("app", known=True))
        for endpoint in ("sign_in.two_factor_token_validation", "sign_in.two_factor_rescue"):
            self.world.sessions[endpoint] = with_app

    def signs_in(self, username: str, *, codes: bool = False, known: bool = False) -> FlaskClient:
        """The browser of somebody whose password was right."""
        asked = Asked(ANYBODY, Actor("terminal", who="root"), f"hire {username}", NOW)
        with self.transaction() as db:
            if not known:
                new = Newcomer(username, "Juma", Role.SECRETARIAT)
                staff_id = add(db, new, secrets=self.secrets, asked=asked, must_change=False)
            if codes:
                print_codes(db, staff_id, secrets=self.secrets, asked=replace(asked, request_key=f"codes {username}"))
        client = self.world.app.test_client()
        page = client.get("/desk/sign-in").text
        password = self.secrets.temporary_password(username, f"hire {username}")
        client.post("/desk/sign-in", data={"csrf_token": token(page), "username": username, "password": password})
        return client

    def sets_up_an_app(self, client: FlaskClient) -> None:
        page = client.get("/desk/phone").text
        page = client.post("/desk/phone", data={"csrf_token": token(page), "setup": "authenticator"}).text
        shown = re.search(r"Or type this key into the app: ([A-Z0-9 -]+)", page)
        assert shown is not None
        source = {"v": 1, "type": "totp", "key": shown[1].replace("-", "")}
        code = self.world.app.extensions["security"].totp_factory._totp.from_source(source).generate().token
        client.post("/desk/sign-in/code", data={"csrf_token": token(page), "code": code})

    def has_somebody_who_is_choosing(self) -> None:
        """From the time to the check of the answers; each page as it is met."""
        citizen = self.citizen()
        citizen.opens("/book/IDR/GPO")
        citizen.presses(citizen.times()[-1])
        self.world.values["what"] = citizen.at.split("/")[4]
        citizen.types("Your phone number", CHOOSING).presses("Send me the code")
        self.keeps(citizen, "holding.code")
        citizen.types_code(self.sms(CHOOSING))
        self.keeps(citizen, "holding.who")
        citizen.types(next(iter(citizen.page.labels)), "23456789").presses("Continue")
        self.keeps(citizen, "holding.check", "confirming.check")
        for endpoint in ("holding.check", "confirming.check"):
            self.world.queries[endpoint] = "?" + citizen.at.partition("?")[2]

    def has_somebody_who_has_booked(self) -> None:
        citizen = self.citizen()
        citizen.opens("/book/IDR/GPO")
        citizen.presses(citizen.times()[0]).proves(BOOKED)
        citizen.types(next(iter(citizen.page.labels)), "12345678").presses("Continue").presses("Confirm my booking")
        reference = citizen.at.split("/")[2].partition("?")[0]
        self.world.values["reference"] = reference
        with self.transaction() as db:  # a document of the same number: which of the two is meant is asked
            same = sa.update(Document).where(Document.tracking_number == ALSO_BOOKED)
            db.execute(same.values(tracking_number=reference))
        self.keeps(citizen, *(e for e in self.pages("own_booking.") + self.pages("slip.")))
        for endpoint in ("own_booking.find", "own_booking.phone"):
            self.world.sessions.pop(endpoint)
        finding = self.citizen().opens("/booking")
        number, phone = list(finding.page.labels)[:2]
        finding.types(number, reference).types(phone, BOOKED).presses("Send me the code")
        self.keeps(finding, "own_booking.code")
        asking = self.citizen().opens("/booking/phone").types("Your phone number", CHOOSING)
        self.keeps(asking.presses("Send me the code"), "own_booking.phone_code")

    # What they do

    def has_work_at_the_desk(self) -> None:
        self.drafts_a_campaign()
        self.closes_a_service()
        self.switches_a_service_off()
        self.finds_a_citizen()
        self.takes_in_a_file()
        self.makes_a_key()

    def drafts_a_campaign(self) -> None:
        by = Actor("desk", who="secretariat")
        with self.transaction() as db:
            made = draft(db, name="On the shelf", criteria=Criteria(), actor=by, request_key="a campaign", now=NOW)
        self.world.values |= {f"{endpoint} number": made.id for endpoint in self.pages("campaigns.")}

    def closes_a_service(self) -> None:
        offering = self.catalogue.offering("PPN", "GPO")
        assert offering is not None
        with self.transaction() as db:
            closure = close(
                db,
                what=What(offering.site, offering),
                starts_at=DAY_AFTER,
                ends_at=DAY_AFTER + timedelta(hours=3),
                reason="system_down",
                asking=False,
                actor=Actor("desk", who="manager"),
                request_key="a closure",
                now=DAY_AFTER,
            )
        self.world.values |= {f"{endpoint} number": closure for endpoint in self.pages("closures.")}

    def switches_a_service_off(self) -> None:
        """So that there is one to open."""
        by = Edit(Actor("desk", who="manager"), "Nobody gives it", "a switch", DAY_AFTER)
        with self.transaction() as db:
            close_offering(db, service="HCN", site="GPO", edit=by)
        self.world.values["offerings.open_service code"] = "HCN"

    def finds_a_citizen(self) -> None:
        manager = self.at_desk(Role.MANAGER)
        found = manager.get(f"/desk/citizens/of/{self.world.values['reference']}").location
        self.world.values["token"] = found.rpartition("/")[2].partition("?")[0]

    def takes_in_a_file(self) -> None:
        rows = (
            "tracking_number,service,centre,proof,phone\n48217092,IDR,GPO,678,0711000001\nwrong,            X,GPO,1,1\n"
        )
        manager = self.at_desk(Role.MANAGER)
        page = manager.get("/desk/intake").text
        file = {"file": (io.BytesIO(rows.encode()), "documents.csv"), "centre": "GPO", "stage": "received"}
        answer = manager.post("/desk/intake", data=unseen(page) | file)
        self.world.values["key"] = (answer.location or "nothing").rpartition("/")[2]

    def makes_a_key(self) -> None:
        """And books a visit of the agency's own."""
        offering = self.catalogue.offering("IDR", "GPO")
        assert offering is not None
        agency, by = offering.service.agency_id, Actor("desk", who="clerk")
        with self.transaction() as db:
            made = keys.make(db, agency_id=agency, name="Server", scopes=list(keys.Scope), actor=by, now=NOW)
            hook = Webhook(
                agency_id=agency,
                url="https://agency.example.go.ke/zamu",
                events=[],
                secret_sealed=WebhookSecrets(self.settings.secret_key).new(),
                created_by="clerk",
                created_at=NOW,
            )
            db.add(hook)
            appointments.book(
                db,
                keys.authenticate(db, made.key, now=NOW),
                reference="NRB-77",
                offering=offering,
                starts_at=DAY_AFTER + timedelta(hours=4, minutes=-10),
                closed_days=self.catalogue.closed_days,
                now=NOW,
            )
            db.flush()
            found = db.scalars(sa.select(Appointment.id)).one()
        self.world.values |= {"key_id": made.key_id, "webhook_id": hook.id, "appointment_id": found}

    # Helpers

    def citizen(self) -> Citizen:
        return Citizen(self.world.app, self.sms)

    def sms(self, phone: str) -> str:
        """The digits of the code last sent to a phone."""
        with self.transaction() as db:
            contact = self.register.find_contact(db, parse_phone(phone))
            assert contact is not None
            last = sa.select(PhoneCode.nth).where(PhoneCode.contact_id == contact.id).order_by(PhoneCode.sent_at.desc())
            nth = db.scalars(last.order_by(PhoneCode.nth.desc())).first()
            assert nth is not None, "no code was asked for"
            return self.register.phone_code(contact.id, nth)

    def keeps(self, citizen: Citizen, *endpoints: str) -> None:
        """These pages are looked at with the session that this browser has now."""
        self.world.sessions |= dict.fromkeys(endpoints, self.cookie(citizen.client))

    def cookie(self, client: FlaskClient) -> str:
        kept = client.get_cookie("zamu")
        assert kept is not None
        return kept.value

    def at_desk(self, role: Role) -> FlaskClient:
        client = self.world.app.test_client()
        client.set_cookie("zamu", self.world.sessions[role.value])
        return client

    def pages(self, prefix: str) -> list[str]:
        return [endpoint for endpoint in self.world.app.view_functions if endpoint.startswith(prefix)]

    def signed(self, session: dict[str, Any]) -> str:
        """The cookie of a session."""
        serializer = self.world.app.session_interface.get_signing_serializer(self.world.app)  # type: ignore[attr-defined]
        return str(serializer.dumps(session))
