"""Workers are killed again and again during a campaign. The long run of the same is `make kill`."""

from bench.gateway import simulator
from bench.kill import campaign
from bench.rig import environment_of, rig_on
from core.messaging.tables import Status

MESSAGES = 1000
EVERY = 150


def test_whatever_is_killed_everything_is_settled_and_nothing_is_received_twice(town, settings, capsys):
    with simulator() as gateway:
        env = environment_of(settings.database_url, settings.redis_url, gateway)
        with rig_on(env, gateway) as built:
            outcome = campaign(built, messages=MESSAGES, every=EVERY)
    with capsys.disabled():
        print(f"\n{outcome}")
    assert outcome.kills >= 2
    assert outcome.unsettled == 0
    assert outcome.twice == 0
    assert outcome.disagreed == 0
    assert set(outcome.statuses) == {Status.SENT, Status.UNKNOWN}
    assert sum(outcome.statuses.values()) == MESSAGES
    assert outcome.received == outcome.statuses[Status.SENT] + outcome.doubtful
