"""SMS from citizens are kept once and sealed; consent has a history."""

import sqlalchemy as sa

from core.messaging import consent, inbound
from core.messaging.tables import Consent, InboundMessage
from core.people.sealing import Sealer
from core.people.tables import Person


def keep(db, register, now, gateway_id="1", text="HALI 4821 0937"):
    return inbound.keep(
        db,
        gateway="at",
        gateway_id=gateway_id,
        person_id=register.contact(db, "+254711000001", now=now).id,
        text=text,
        sealer=Sealer("a secret key of the tests, long enough", "inbound"),
        now=now,
    )


def test_an_sms_is_kept_once_however_often_it_comes(db, register, now):
    first = keep(db, register, now)
    assert first is not None
    assert keep(db, register, now) is None
    assert keep(db, register, now, "2") not in (None, first)


def test_its_text_is_sealed(db, register, now):
    keep(db, register, now)
    sealed = db.scalar(sa.select(InboundMessage.text_sealed))
    assert b"4821" not in sealed
    assert Sealer("a secret key of the tests, long enough", "inbound").open(sealed) == b"HALI 4821 0937"


def test_opting_out_and_in_again_leaves_a_history_without_repeats(db, register, now):
    person_id = register.contact(db, "+254711000001", now=now).id
    assert not consent.opt_in(db, person_id, channel="sms", now=now)
    assert consent.opt_out(db, person_id, channel="gateway", now=now)
    assert not consent.opt_out(db, person_id, channel="sms", now=now)
    assert db.get_one(Person, person_id).opted_out_at == now
    assert consent.opt_in(db, person_id, channel="sms", now=now)
    db.expire_all()
    assert db.get_one(Person, person_id).opted_out_at is None
    history = db.execute(sa.select(Consent.given, Consent.channel).order_by(Consent.id)).all()
    assert [tuple(row) for row in history] == [(False, "gateway"), (True, "sms")]
