"""Settings: read from the environment once, and refused with a sentence that says what to give."""

import re
from pathlib import Path

import pytest

from core.messaging.senders import Sender
from core.settings import Cap, Settings, SettingsError, ShortCode

ROOT = Path(__file__).parents[2]
NEEDED = {
    "ZAMU_DATABASE_URL": "postgresql+psycopg://zamu_app@127.0.0.1/zamu",
    "ZAMU_REDIS_URL": "redis://127.0.0.1",
    "ZAMU_SECRET_KEY": "x" * 32,
    "ZAMU_CALLBACK_SECRETS": "a-secret-of-enough-letters",
    "ZAMU_PUBLIC_URL": "https://zamu.example.go.ke",
}


def read(**given: str) -> Settings:
    return Settings.from_environment(NEEDED | given)


@pytest.mark.parametrize(
    ("name", "given", "becomes"),
    [
        ("at_senders", {}, {}),
        (
            "at_senders",
            {"ZAMU_AT_SENDERS": "interactive=22191, bulk=HUDUMA,bulk@63903=HUDUMAKE"},
            {"interactive": "22191", "bulk": "HUDUMA", "bulk@63903": "HUDUMAKE"},
        ),
        ("short_codes", {}, ()),
        (
            "short_codes",
            {"ZAMU_SMS_SHORT_CODES": "22191+free, 40404=huduma,30303=HUDUMA+free,20880"},
            (
                ShortCode("22191", free=True),
                ShortCode("40404", "HUDUMA"),
                ShortCode("30303", "HUDUMA", free=True),
                ShortCode("20880"),
            ),
        ),
        ("at_segments_a_second", {}, 100),
        ("at_segments_a_second", {"ZAMU_AT_SEGMENTS_A_SECOND": "40"}, 40),
        ("caps", {}, ()),
        (
            "caps",
            {"ZAMU_SMS_CAPS": "bulk=20000/day, bulk=300000/month"},
            (Cap("bulk", 20000, "day"), Cap("bulk", 300000, "month")),
        ),
        ("sms_a_day", {}, 5),
        ("sms_a_day", {"ZAMU_SMS_A_DAY": "3"}, 3),
        ("approve_above", {}, 1000),
        ("approve_above", {"ZAMU_CAMPAIGN_APPROVE_ABOVE": "0"}, 0),
        ("public_url", {"ZAMU_PUBLIC_URL": "https://zamu.example.go.ke/"}, "https://zamu.example.go.ke"),
        ("public_url", {"ZAMU_PUBLIC_URL": "https://196.201.214.200:8443"}, "https://196.201.214.200:8443"),
        ("public_url", {"ZAMU_PUBLIC_URL": "http://127.0.0.1:8191"}, "http://127.0.0.1:8191"),
        ("public_url", {"ZAMU_PUBLIC_URL": "http://[::1]:8191"}, "http://[::1]:8191"),
    ],
)
def test_a_setting_is_read(name, given, becomes):
    assert getattr(read(**given), name) == becomes


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("ZAMU_AT_SENDERS", "HUDUMA"),
        ("ZAMU_AT_SENDERS", "bulks=HUDUMA"),
        ("ZAMU_AT_SENDERS", "bulk@safaricom=HUDUMA"),
        ("ZAMU_AT_SENDERS", "bulk@=HUDUMA"),
        ("ZAMU_AT_SENDERS", "bulk="),
        ("ZAMU_SMS_SHORT_CODES", "HUDUMA"),
        ("ZAMU_SMS_SHORT_CODES", "22191=TWO WORDS"),
        ("ZAMU_SMS_SHORT_CODES", "22191+paid"),
        ("ZAMU_SMS_CAPS", "bulk=20000"),
        ("ZAMU_SMS_CAPS", "bulk=20000/week"),
        ("ZAMU_SMS_CAPS", "all=20000/day"),
        ("ZAMU_SMS_CAPS", "bulk=-1/day"),
        ("ZAMU_AT_SEGMENTS_A_SECOND", "0"),
        ("ZAMU_SMS_A_DAY", "0"),
        ("ZAMU_SMS_A_DAY", "many"),
        ("ZAMU_CAMPAIGN_APPROVE_ABOVE", "-1"),
        ("ZAMU_PUBLIC_URL", "http://zamu.example.go.ke"),
        ("ZAMU_PUBLIC_URL", "http://127.0.0.1@zamu.example.go.ke"),
        ("ZAMU_PUBLIC_URL", "http://localhost.example.go.ke"),
        ("ZAMU_PUBLIC_URL", "zamu.example.go.ke"),
        ("ZAMU_PUBLIC_URL", "https://"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(setting, text):
    with pytest.raises(SettingsError, match=setting):
        read(**{setting: text})


@pytest.mark.parametrize("missing", NEEDED)
def test_what_is_needed_is_asked_for_by_name(missing):
    with pytest.raises(SettingsError, match=missing):
        read(**{missing: ""})


@pytest.mark.parametrize(
    ("lane", "network", "sender"),
    [
        pytest.param("interactive", "63902", Sender("22191", answerable=True, keyword="HUDUMA"), id="a short code"),
        pytest.param("bulk", "63902", Sender("HUDUMA"), id="a name cannot be answered"),
        pytest.param("bulk", "63903", Sender("30303", answerable=True, free=True), id="another by network"),
        pytest.param("bulk", None, Sender("HUDUMA"), id="no network is known"),
        pytest.param("notice", "63902", Sender(None), id="the account's own"),
    ],
)
def test_the_sender_follows_lane_and_network(lane, network, sender):
    settings = read(
        ZAMU_AT_SENDERS="interactive=22191,bulk=HUDUMA,bulk@63903=30303",
        ZAMU_SMS_SHORT_CODES="22191=HUDUMA,30303+free",
    )
    assert settings.sender(lane, network) == sender


def test_how_to_answer_says_the_keyword_of_a_shared_code():
    assert Sender("22191", answerable=True, keyword="HUDUMA").answer("YES") == "HUDUMA YES"
    assert Sender("22191", answerable=True).answer("YES") == "YES"


def test_keys_of_a_demonstration_are_refused_beside_a_real_gateway():
    with pytest.raises(SettingsError, match="demonstration"):
        read(ZAMU_AT_API_KEY="demo-key")
    assert read(ZAMU_AT_API_KEY="demo-key", ZAMU_AT_BASE_URL="http://127.0.0.1:8192").at_api_key == "demo-key"


def test_practice_needs_no_address_of_its_own():
    practice = {"ZAMU_SECRET_KEY": "demo-" + "x" * 32, "ZAMU_AT_BASE_URL": "http://127.0.0.1:8192"}
    for address in ("", "http://zamu.example.go.ke"):
        assert read(**practice, ZAMU_PUBLIC_URL=address).practice


def test_every_setting_is_in_the_guide_and_the_guide_has_no_other():
    def names(path):
        return set(re.findall(r"\bZAMU_[A-Z_]+\b", (ROOT / path).read_text(encoding="utf-8")))

    assert names("docs/operating.md") == names("core/settings.py")
    assert names("deploy/zamu.env.example") <= names("core/settings.py")
