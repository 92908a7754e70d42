"""What a campaign would do, before anybody is told: who, in which words, at what cost, and who is left out and why."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from core.campaigns import choosing, reaching
from core.campaigns.choosing import Group, LeftOut
from core.campaigns.criteria import criteria_of
from core.campaigns.tables import Campaign, Kind
from core.clock import local_date
from core.db import Session
from core.messaging import money
from core.messaging.segments import segments
from core.messaging.senders import Sender
from core.messaging.tables import Lane
from core.messaging.templates import Speech, render
from core.wording import LANGUAGES

READY, CORRECTION = "document_ready_campaign", "campaign_correction"
PRICE_KES = Decimal("0.80")
"""Of one SMS, while no receipt says better: the example in Africa's Talking's own answers (KES 0.8000)."""
_RECEIPTS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Price:
    """Of one segment."""

    kes: Decimal
    from_receipts: bool
    """Otherwise it is PRICE_KES."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is told and who is not. Recipients are messages: a person has one a document."""

    by_language: Mapping[str, int]
    left_out: Mapping[str, int]

    @property
    def recipients(self) -> int:
        return sum(self.by_language.values())


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the texts, as most recipients of its language will read it."""

    language: str
    template: str
    arguments: Mapping[str, str]
    text: str

    @property
    def segments(self) -> int:
        return segments(self.text)


@dataclass(frozen=True, slots=True)
class Preview:
    chosen: Chosen
    samples: tuple[Sample, ...]
    """One a language; none where no document was chosen."""
    segments: int
    """Of all messages together."""
    price: Price
    sender: Sender

    @property
    def cost_kes(self) -> Decimal:
        """An estimate."""
        return self.segments * self.price.kes


def preview(db: Session, campaign: Campaign, *, speech: Speech, sms_a_day: int, now: datetime) -> Preview:
    """Read only. `speech.sender` is the bulk lane's.

    Once it is submitted the age of documents is that of then, so that the
    figures are those of what will be written, if nobody else tells them meanwhile.
    """
    if campaign.kind == Kind.CORRECTION:
        chosen = choose(db, campaign, sms_a_day=sms_a_day, now=now)
        samples = tuple(_correction(campaign.texts, language, speech) for language in LANGUAGES)
        needed = {sample.language: sample.segments for sample in samples}
        total = sum(count * needed[language] for language, count in chosen.by_language.items())
    else:
        groups = choosing.groups(db, criteria_of(campaign), sms_a_day=sms_a_day, now=now)
        chosen, told = _counted(groups), [group for group in groups if group.left_out is None]
        samples = _of_documents(told, speech)
        total = _segments(told, speech)
    return Preview(chosen, samples, total, price_of_segment(db, now), speech.sender)


def choose(db: Session, campaign: Campaign, *, sms_a_day: int, now: datetime) -> Chosen:
    """Who is told now, without the words."""
    if campaign.kind == Kind.CORRECTION:
        assert campaign.corrects_id is not None
        told, opted_out = reaching.people_by_language(db, campaign.corrects_id)
        return Chosen(told, {LeftOut.OPTED_OUT.value: opted_out} if opted_out else {})
    return _counted(choosing.groups(db, criteria_of(campaign), sms_a_day=sms_a_day, now=now))


def price_of_segment(db: Session, now: datetime) -> Price:
    """What a segment cost on average over the last days, in all lanes together."""
    costs = money.costs(db, local_date(now - _RECEIPTS))
    sms = [costs[lane] for lane in Lane if lane in costs]
    counted = sum(cost.segments for cost in sms)
    spent = sum((cost.kes for cost in sms), Decimal(0))
    if not counted or not spent:
        return Price(PRICE_KES, from_receipts=False)
    return Price((spent / counted).quantize(Decimal("0.0001")), from_receipts=True)


def sample(campaign: Campaign, language: str, *, service: str, site: str, speech: Speech) -> Sample:
    """What somebody would read: of a correction always the same, otherwise of one service at one site."""
    if campaign.kind == Kind.CORRECTION:
        return _correction(campaign.texts, language, speech)
    return _sample(READY, {"service": service, "site": site}, language, speech)


def _correction(texts: Mapping[str, str], language: str, speech: Speech) -> Sample:
    return _sample(CORRECTION, {"text": texts[language]}, language, speech)


def _sample(template: str, arguments: Mapping[str, str], language: str, speech: Speech) -> Sample:
    return Sample(language, template, arguments, render(template, arguments, language=language, speech=speech))


def _counted(groups: Iterable[Group]) -> Chosen:
    told: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for group in groups:
        if group.left_out is None:
            told[group.language] += group.count
        else:
            left_out[group.left_out.value] += group.count
    return Chosen(told, left_out)


def _of_documents(told: Iterable[Group], speech: Speech) -> tuple[Sample, ...]:
    """In each language the text that most would read."""
    places: Counter[tuple[int, int]] = Counter()
    for group in told:
        places[group.service_id, group.site_id] += group.count
    if not places:
        return ()
    [((service_id, site_id), _)] = places.most_common(1)
    where = {
        "service": speech.catalogue.service_by_id(service_id).code,
        "site": speech.catalogue.site_by_id(site_id).code,
    }
    return tuple(_sample(READY, where, language, speech) for language in LANGUAGES)


def _segments(told: Iterable[Group], speech: Speech) -> int:
    total: Counter[tuple[int, int, str]] = Counter()
    for group in told:
        total[group.service_id, group.site_id, group.language] += group.count
    catalogue = speech.catalogue
    return sum(
        count
        * _sample(
            READY,
            {"service": catalogue.service_by_id(service_id).code, "site": catalogue.site_by_id(site_id).code},
            language,
            speech,
        ).segments
        for (service_id, site_id, language), count in total.items()
    )
