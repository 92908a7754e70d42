"""A town with people in it, for looking at every page: citizens in the middle of things, staff of every role.

`world.values` says what stands in addresses, `world.sessions` whose cookie a
page needs where an anonymous citizen, or any member of staff with the right
role, would not see it.
"""

import time
from typing import Any

import sqlalchemy as sa

from core.campaigns.criteria import Criteria
from core.campaigns.making import draft
from core.catalogue.tables import Agency, Site
from core.db import Transaction, make_engine, transactions
from core.people.audit import Actor
from core.people.register import Register
from core.people.tables import PhoneCode
from core.phones import parse_phone
from core.settings import Settings
from core.staff.roles import AT_A_CENTRE, OF_AN_AGENCY, Role
from core.staff.tables import Staff
from core.tracking.demo import make_demo_documents
from core.tracking.tables import Document
from tests.browser.axe import World
from tests.portal.citizen import Citizen
from tests.support import NOW

BOOKED, CHOOSING = "0711 000 001", "0711 000 009"
READY = "48217092"


def inhabit(world: World, settings: Settings) -> World:
    """Everybody and everything that pages need."""
    engine = make_engine(settings.database_url)
    town = _Town(world, transactions(engine), Register(settings.secret_key))
    town.catalogue()
    town.documents()
    town.staff()
    town.somebody_who_is_choosing()
    town.somebody_who_has_booked()
    town.campaign()
    engine.dispose()
    return world


class _Town:
    def __init__(self, world: World, transaction: Transaction, register: Register) -> None:
        self.world, self.transaction, self.register = world, transaction, register
        self.world.sessions["anybody"] = self.signed({})

    # What is there

    def catalogue(self) -> None:
        self.world.values |= {"service": "IDR", "site": "GPO", "code": "GPO", "services.service code": "IDR"}
        self.world.values |= {"day": "2026-11-24", "lane": "bulk"}
        self.world.queries["turned_away.when"] = "?reason=system_down"

    def documents(self) -> None:
        with self.transaction() as db:
            make_demo_documents(db, self.register, now=NOW)
            document = db.scalars(sa.select(Document).where(Document.tracking_number == READY)).one()
            self.world.values |= {"number": READY, "person_id": document.contact_id}

    def campaign(self) -> None:
        with self.transaction() as db:
            made = draft(
                db,
                name="November backlog",
                criteria=Criteria(),
                actor=Actor("desk", who="secretariat"),
                request_key="a campaign",
                now=NOW,
            )
            for endpoint in self.pages("campaigns."):
                self.world.values[f"{endpoint} number"] = made.id

    # Who is there

    def staff(self) -> None:
        for role in Role:
            self.world.sessions[role.value] = self.signed(self.hired(role))
        for endpoint in ("desk.home", "sign_in.verify", "sign_in.change_password", "sign_in.mf_recovery_codes"):
            self.world.sessions[endpoint] = self.world.sessions[Role.MANAGER.value]

    def hired(self, role: Role) -> dict[str, Any]:
        """A member of staff with this role; the session of who has just signed in."""
        with self.transaction() as db:
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
        lasting = {"desk_since": began, "desk_seen": began, "fs_paa": time.time()}
        return {"_user_id": officer.fs_uniquifier, "_fresh": True} | lasting

    def somebody_who_is_choosing(self) -> None:
        """From the time to the check of the answers; each page as it is met."""
        citizen = self.citizen()
        citizen.opens("/book/IDR/GPO")
        citizen.presses(citizen.times()[0])
        self.world.values["what"] = citizen.at.split("/")[4]
        citizen.types("Your phone number", CHOOSING).presses("Send me the code")
        self.keeps(citizen, "holding.code")
        citizen.types_code(self.sms(CHOOSING))
        self.keeps(citizen, "holding.who")
        citizen.types(next(iter(citizen.page.labels)), "23456789").presses("Continue")
        self.keeps(citizen, "holding.check", "confirming.check")
        for endpoint in ("holding.check", "confirming.check"):
            self.world.queries[endpoint] = "?" + citizen.at.partition("?")[2]

    def somebody_who_has_booked(self) -> None:
        citizen = self.citizen()
        citizen.opens("/book/IDR/GPO")
        citizen.presses(citizen.times()[1]).proves(BOOKED)
        citizen.types(next(iter(citizen.page.labels)), "12345678").presses("Continue").presses("Confirm my booking")
        reference = citizen.at.split("/")[2].partition("?")[0]
        self.world.values["reference"] = reference
        self.keeps(citizen, "own_booking.mine", "own_booking.see", "own_booking.booked", "own_booking.give_up", "slip.slip")
        finding = self.citizen().opens("/booking")
        number, phone = list(finding.page.labels)[:2]
        finding.types(number, reference).types(phone, BOOKED).presses("Send me the code")
        self.keeps(finding, "own_booking.code")
        asking = self.citizen().opens("/booking/phone").types("Your phone number", CHOOSING)
        self.keeps(asking.presses("Send me the code"), "own_booking.phone_code")

    # Helpers

    def citizen(self) -> Citizen:
        return Citizen(self.world.app, self.sms)

    def sms(self, phone: str) -> str:
        """The digits of the code last sent to a phone."""
        with self.transaction() as db:
            contact = self.register.find_contact(db, parse_phone(phone))
            assert contact is not None
            nth = db.scalars(sa.select(PhoneCode.nth).where(PhoneCode.contact_id == contact.id)).one()
            return self.register.phone_code(contact.id, nth)

    def keeps(self, citizen: Citizen, *endpoints: str) -> None:
        """These pages are looked at with the session that this browser has now."""
        cookie = citizen.client.get_cookie("zamu")
        assert cookie is not None
        self.world.sessions |= dict.fromkeys(endpoints, cookie.value)

    def pages(self, prefix: str) -> list[str]:
        return [endpoint for endpoint in self.world.app.view_functions if endpoint.startswith(prefix)]

    def signed(self, session: dict[str, Any]) -> str:
        """The cookie of a session."""
        serializer = self.world.app.session_interface.get_signing_serializer(self.world.app)  # type: ignore[attr-defined]
        return str(serializer.dumps(session))
