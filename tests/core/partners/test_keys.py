"""Keys of agencies' systems."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.catalogue.tables import Agency
from core.partners import keys
from core.partners.errors import BadKey, NoSuchKey
from core.partners.keys import Scope
from core.partners.tables import ApiKey
from core.people.audit import Actor
from core.people.tables import Event

CLERK = Actor("desk", who="amina")


@pytest.fixture
def agency_id(db):
    agency = Agency(code="NRB")
    db.add(agency)
    db.flush()
    return agency.id


@pytest.fixture
def made(db, agency_id, now):
    return keys.make(db, agency_id=agency_id, name="Card printer", scopes={Scope.DOCUMENTS_WRITE}, actor=CLERK, now=now)


def test_a_key_opens_for_its_agency_and_scopes(db, made, agency_id, now):
    partner = keys.authenticate(db, made.key, now=now)
    assert (partner.agency_id, partner.key_id, partner.scopes) == (agency_id, made.key_id, {Scope.DOCUMENTS_WRITE})
    assert partner.actor == Actor("api", who=f"key:{made.key_id}")


def test_the_key_itself_is_stored_nowhere(db, made):
    row = db.get_one(ApiKey, made.key_id)
    assert made.key.startswith("zamu_")
    assert made.key.endswith(row.hint)
    stored = f"{[(c.name, getattr(row, c.name)) for c in ApiKey.__table__.columns]}"
    stored += str([(event.subject, event.details) for event in db.scalars(sa.select(Event))])
    assert made.key not in stored
    assert made.key[:20] not in stored


@pytest.mark.parametrize("wrong", ["", "zamu_", "x" * 48, "zamu_" + "A" * 43, "zamu_" + "A" * 42 + "\n", "\0" * 48])
def test_anything_else_opens_nothing(db, made, now, wrong):
    with pytest.raises(BadKey):
        keys.authenticate(db, wrong, now=now)


def test_a_revoked_key_opens_nothing(db, made, agency_id, now):
    for _ in range(2):
        keys.revoke(db, agency_id=agency_id, key_id=made.key_id, actor=CLERK, now=now)
    with pytest.raises(BadKey):
        keys.authenticate(db, made.key, now=now)
    assert list(db.scalars(sa.select(Event.name).order_by(Event.id))) == ["key.made", "key.revoked"]


def test_another_agency_cannot_revoke_it(db, made, agency_id, now):
    with pytest.raises(NoSuchKey):
        keys.revoke(db, agency_id=agency_id + 1, key_id=made.key_id, actor=CLERK, now=now)


def test_its_use_is_written_once_an_hour(db, made, now):
    seen = []
    for minutes in (5, 55, 61, 62):
        keys.authenticate(db, made.key, now=now + timedelta(minutes=minutes))
        seen.append(db.scalars(sa.select(ApiKey.used_at)).one())
    hour = timedelta(hours=1)
    assert seen == [now, now, now + hour, now + hour]
