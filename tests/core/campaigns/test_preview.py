"""What somebody sees before anybody is told."""

from decimal import Decimal

import pytest

from core.messaging import money
from core.messaging.senders import Sender
from core.messaging.templates import Speech, render


def test_the_wording_is_shown_in_both_languages_as_most_will_read_it(office):
    office.shelve(2, service="PPN", site="MAK")
    office.shelve(3)
    english, swahili = office.preview(office.drafts()).samples
    assert english.text == (
        "READY to collect: Lost ID at GPO. First dial *191*9#, then 2, for your collection code. Pay no broker."
    )
    assert swahili.text.startswith("IKO TAYARI kuchukuliwa: ID iliyopotea, GPO.")
    assert (english.segments, swahili.segments) == (1, 1)


def test_the_text_names_nobody_so_that_all_of_a_service_and_centre_read_the_same(office, register):
    office.shelve(3)
    campaign_id = office.starts()
    shown = office.preview(campaign_id).samples[0].text
    office.writes_all()
    speech = Speech(office.catalogue, "*191*9#", register, Sender("HUDUMA"))
    read = [render(m.template, m.arguments, language=m.language, speech=speech) for m in office.messages(campaign_id)]
    assert read == [shown] * 3


def test_the_cost_is_assumed_until_there_are_receipts(office):
    office.shelve(10)
    seen = office.preview(office.drafts())
    assert (seen.segments, seen.cost_kes, seen.price.from_receipts) == (10, Decimal("8.00"), False)


def test_the_cost_is_estimated_from_the_last_receipts_of_all_lanes(office):
    office.shelve(10)
    with office.transaction() as db:
        for what, segments, kes in (("bulk", 30, 15), ("interactive", 10, 9), ("ussd", 100, 900)):
            money.book(db, what=what, messages=1, segments=segments, cost_kes=Decimal(kes), now=office.now)
    office.later(days=29)
    seen = office.preview(office.drafts())
    assert (seen.cost_kes, seen.price.from_receipts) == (Decimal("6.0000"), True)
    office.later(days=3)
    assert not office.preview(office.drafts()).price.from_receipts


def test_of_nobody_there_is_no_wording_and_no_cost(office):
    seen = office.preview(office.drafts())
    assert (seen.samples, seen.segments, seen.chosen.recipients, seen.cost_kes) == ((), 0, 0, 0)


def test_a_correction_is_shown_with_its_segments(office):
    office.shelve(2)
    office.shelve(1, language="sw")
    campaign_id = office.starts()
    office.writes_all()
    office.leaves(campaign_id)
    correction = office.corrects(campaign_id, en="Sorry. " * 30, sw="Samahani.")
    seen = office.preview(correction)
    assert [sample.segments for sample in seen.samples] == [2, 1]
    assert (dict(seen.chosen.by_language), seen.segments) == ({"en": 2, "sw": 1}, 5)


@pytest.mark.parametrize("sender", [Sender("HUDUMA"), Sender("22191", answerable=True)])
def test_the_sender_is_shown_with_whether_it_can_be_answered(office, sender):
    assert office.preview(office.drafts(), sender=sender).sender == sender
