"""Nothing that stands in an address makes a page fail, whoever asks."""

import pytest

from tests.hostile import HUGE, addresses, asked_again_at, asking, faults_of_forms, filled, signed

OURS = ("/desk", "/api", "/ussd", "/sms", "/healthz", "/readyz", "/metrics", "/static")


@pytest.fixture
def good():
    values = {"service": "IDR", "site": "GPO", "what": "202611240700", "day": "2026-11-24", "reference": "48217092"}
    return lambda _rule, name: values.get(name, "1")


@pytest.fixture
def anybody(citizens):
    return citizens().client


@pytest.fixture
def client(citizen):
    """Of whoever has proven a phone, and so sees more."""
    return citizen.opens("/booking/phone").proves().client


def routes(app, method):
    return [r for r in app.url_map.iter_rules() if method in r.methods and not r.rule.startswith(OURS)]


def test_no_address_makes_a_page_fail(app, client, good):
    assert len(routes(app, "GET")) > 20
    faults = []
    for rule in routes(app, "GET"):
        for address in (*addresses(rule, good), *asking(app, rule, good)):
            if (status := client.get(address).status_code) >= 500:
                faults.append(f"{address[:200]} answers {status}")
    assert faults == []


def test_nothing_that_is_typed_makes_a_form_fail(app, citizens, good):
    """What is wrong is said in the language of the page, and what was typed is kept."""
    stopped = [citizens().opens("/book/IDR/GPO") for _ in range(3)]
    for one in stopped:
        one.presses(one.times()[0])
    stopped[1].types("Your phone number", "0711 000 001").presses("Send me the code")
    stopped[2].proves("0711 000 002")
    waiting = citizens().opens("/booking/phone").types("Your phone number", "0711 000 003").presses("Send me the code")
    pages = [(one.client, one.at) for one in (*stopped, waiting)]
    pages += [(stopped[2].client, filled(rule, good)) for rule in routes(app, "GET")]
    assert faults_of_forms(app, pages) == []


def test_no_address_makes_a_button_fail(app, anybody, client, good):
    faults = []
    for browser in (anybody, client):
        browser.get("/")
        data = signed(app, browser)
        for rule in routes(app, "POST"):
            for address in addresses(rule, good):
                if (status := browser.post(address, data=data).status_code) >= 500:
                    faults.append(f"POST {address[:200]} answers {status}")
    assert faults == []


def test_whoever_asks_again_for_a_page_of_a_problem_comes_to_a_page(app, client, good):
    """Each form is sent after its page was open for too long."""
    said = [
        asked_again_at(app, client.post(filled(rule, good)).text, filled(rule, good)) for rule in routes(app, "POST")
    ]
    assert "/book/IDR/GPO" in said


@pytest.mark.parametrize("address", ["/booking/%00/give-up", f"/booking/offers/{HUGE}", f"/booking/waits/{HUGE}/stop"])
def test_what_cannot_be_is_not_there(citizen, address):
    assert citizen.client.post(address).status_code == 404


@pytest.mark.parametrize("back", ["//[", "%00", "//other.example", "https://other.example/", "%5C%5Cother.example"])
def test_choosing_a_language_leads_to_a_page_of_ours(citizen, back):
    answer = citizen.client.get(f"/language/sw?back={back}")
    assert answer.status_code == 404 or answer.location == "/"
