"""Nothing that stands in an address makes the desk fail: it is refused, or there is nothing there."""

import pytest

from core.campaigns.criteria import Criteria
from core.campaigns.making import draft
from core.people.audit import Actor
from core.staff.roles import MAY, Role
from tests.desk.pages import fill, seen
from tests.desk.test_roles import Elsewhere, day, elsewhere, papers, views
from tests.hostile import FAR, HUGE, addresses, asking, faults_of_forms, filled, signed
from tests.support import NOW

__all__ = ["day", "elsewhere", "papers"]


@pytest.fixture
def who_may(desk):
    """Somebody who may see a page, of the role that sees most."""
    clients: dict[Role, object] = {}

    def find(needed):
        role = max((role for role in Role if needed in MAY[role]), key=lambda role: len(MAY[role]))
        if role not in clients:
            clients[role] = desk(role.value, site="MSA")
        return clients[role]

    return find


def good(elsewhere: Elsewhere):
    def value(rule, name):
        if name == "number" and "documents" in rule.rule:
            return elsewhere.number
        return elsewhere.arguments.get(name, "1")

    return value


def test_no_address_makes_a_page_fail(app, who_may, elsewhere: Elsewhere) -> None:
    faults = []
    for rule, needed in views(app, "GET"):
        client = who_may(needed)
        for address in (*addresses(rule, good(elsewhere)), *asking(app, rule, good(elsewhere))):
            if (status := client.get(address).status_code) >= 500:
                faults.append(f"{address[:200]} answers {status}")
    assert faults == []


def test_no_address_makes_a_button_fail(app, who_may, elsewhere: Elsewhere) -> None:
    faults = []
    for rule, needed in views(app, "POST"):
        client = who_may(needed)
        client.get("/desk")
        data = signed(app, client)
        for address in addresses(rule, good(elsewhere)):
            if (status := client.post(address, data=data).status_code) >= 500:
                faults.append(f"POST {address[:200]} answers {status}")
    assert faults == []


def test_long_texts_come_back_as_they_were_typed(desk) -> None:
    """A quotation mark takes nine bytes on its way."""
    typed = "\N{RIGHT DOUBLE QUOTATION MARK}" * 999
    answer = fill(desk("secretariat"), "/desk/catalogue/service/IDR/bring", en=typed, sw=typed, note="")
    assert answer.text.count(typed) == 2


MORE = {
    "turned_away.when": ["/desk/visit/{reference}/another-time?reason=system_down"],
    "catalogue.edit": [
        "/desk/catalogue/service/IDR/names",
        "/desk/catalogue/service/IDR/bring",
        "/desk/catalogue/service/IDR/fees",
        "/desk/catalogue/service/IDR/identity",
        "/desk/catalogue/service/IDR/processing",
        "/desk/catalogue/centre/MSA/facts",
        "/desk/catalogue/centre/MSA/names",
        "/desk/catalogue/centre/MSA/hours",
    ],
}
"""Addresses of forms that no address stands for by itself, by endpoint."""


def test_nothing_that_is_typed_makes_a_form_fail(app, who_may, elsewhere: Elsewhere, transaction) -> None:
    """What is wrong is said in the language of the page, and what was typed is kept."""
    by = Actor("desk", who="secretariat")
    with transaction() as db:
        campaign = draft(db, name="On the shelf", criteria=Criteria(), actor=by, request_key="a campaign", now=NOW)

    def pages():
        for rule, needed in views(app, "GET"):
            client = who_may(needed)
            elsewhere.met_by(client.officer)
            of_campaigns = "campaigns" in rule.rule
            address = filled(rule, (lambda _rule, _name: str(campaign.id)) if of_campaigns else good(elsewhere))
            for one in MORE.get(rule.endpoint, [address]):
                yield client, one.format(**elsewhere.arguments)

    assert faults_of_forms(app, pages()) == []


@pytest.mark.parametrize(
    ("role", "address", "status"),
    [
        ("secretariat", "/desk/campaigns/3000000000", 404),
        ("secretariat", f"/desk/campaigns?after={HUGE}", 200),
        ("secretariat", f"/desk/messages/unknown?after={HUGE}-{HUGE}", 200),
        ("secretariat", "/desk/messages/dead?reason=%00", 404),
        ("oversight", f"/desk/figures?first={FAR}&last={FAR}", 200),
        ("secretariat", "/desk/catalogue/service/%00", 404),
    ],
)
def test_what_cannot_be_is_not_there(desk, role, address, status) -> None:
    assert desk(role).get(address).status_code == status


def test_hours_cannot_end_on_a_day_that_has_none_after_it(desk) -> None:
    answer = fill(
        desk("secretariat"),
        "/desk/catalogue/centre/GPO/hours",
        valid_from="24/11/2026",
        valid_until=FAR,
        opens_0="08:00",
    )
    assert "Type a day like 24/11/2026." in seen(answer.text)


def test_another_language_is_chosen_on_the_page_one_is_on_after_a_refused_form(desk) -> None:
    client = desk("secretariat")
    page = fill(client, "/desk/campaigns/new?from=list", name="").text
    assert "back=/desk/campaigns/new%3Ffrom%3Dlist" in page or "back=/desk/campaigns/new?from%3Dlist" in page
