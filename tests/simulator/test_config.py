"""The simulator refuses to run with production settings."""

import pytest

from simulator.__main__ import main
from simulator.config import Config, ConfigRefused, ServiceCode

USUAL = {"callback": "http://127.0.0.1:8191", "secret": "desk", "api_key": "key"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"username": "zamu-live"}, 'only as the user "sandbox"'),
        ({"callback": "https://zamu.go.ke"}, "loopback only, and zamu.go.ke is not"),
        ({"callback": "http://10.0.0.7:8191"}, "loopback only, and 10.0.0.7 is not"),
        ({"callback": "http://127.0.0.1.example.com"}, "loopback only"),
        ({"callback": "http://127.0.0.1:8191/ussd"}, "without a path"),
        ({"callback": "127.0.0.1:8191"}, "such as http://127.0.0.1:8191"),
        ({"host": "0.0.0.0"}, "listens on loopback only"),
        ({"secret": ""}, "one path segment"),
        ({"secret": "a/b"}, "one path segment"),
        ({"api_key": ""}, "must not be empty"),
        ({"codes": ()}, "at least one service code"),
        ({"short_code": "HUDUMA"}, "digits only"),
        ({"port": 70_000}, "0 (any free port) to 65535"),
    ],
)
def test_settings_it_will_not_run_with_cannot_be_constructed(changed, sentence):
    with pytest.raises(ConfigRefused) as refused:
        Config(**USUAL | changed)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_in_all_its_spellings_is_taken(host):
    assert Config(**USUAL | {"host": host}).host == host


@pytest.mark.parametrize("written", ["191", "*191", "191#", "*#", "**1#", "*191*9#=a"])
def test_a_malformed_service_code_is_refused(written):
    with pytest.raises(ConfigRefused):
        ServiceCode.parse(written)


def test_a_secret_is_written_so_that_it_stays_one_segment_of_the_path():
    config = Config(**USUAL | {"secret": "-a?b#c"})
    assert config.callback_url("sms/inbound") == "http://127.0.0.1:8191/sms/africastalking/-a%3Fb%23c/inbound"
    assert config.callback_url("ussd") == "http://127.0.0.1:8191/ussd/africastalking/-a%3Fb%23c"


@pytest.mark.parametrize("argument", ["--username=zamu-live", "--callback=https://zamu.go.ke", "--host=0.0.0.0"])
def test_production_settings_end_with_2_and_one_sentence(argument, capsys):
    assert main(["--secret=desk", "--api-key=key", argument]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("simulator: The simulator ")
    assert said.err.count("\n") == 1
    assert said.out == ""
