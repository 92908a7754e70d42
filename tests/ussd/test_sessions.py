"""Where calls stand, in a real Valkey: sealed, compared before they are set, and never waited for long."""

import socket
import threading
from collections.abc import Iterator

import pytest
import redis

from core.people.sealing import Sealer
from tests.journeys.together import PATIENCE, within
from ussd.dialogue import Dialogue, Journey, Shown
from ussd.replies import Target
from ussd.sessions import JOURNEY_SECONDS, REST_SECONDS, SESSION_SECONDS, SessionStore, StoreDown
from web.local.scratch import ScratchServers

KEY = "a secret key of the tests, long enough"
PHONE = "+254711000001"
ID = "23456789"


@pytest.fixture
def client(servers: ScratchServers) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(servers.redis_url) as connection:
        yield connection
        connection.flushall()


@pytest.fixture
def store(client: redis.Redis, servers: ScratchServers) -> SessionStore:
    return SessionStore(servers.redis_url, Sealer(KEY, "ussd"))


def a_dialogue(**changes: object) -> Dialogue:
    shown = Shown("Title", ["1 One"], {"1": Target("book.summary", {"number": ID})}, ["1"], None, False, True)
    values = {"language": "sw", "shown": shown, "answers": ("1", ID), "reply": f"CON {ID}"} | changes
    return Dialogue(**values)  # type: ignore[arg-type]


def a_journey() -> Journey:
    return Journey("sw", [Target("book.summary", {"number": ID})], "Lost ID, GPO")


def test_a_call_and_a_journey_come_back(store: SessionStore) -> None:
    dialogue, journey = a_dialogue(), a_journey()
    assert store.save("s", PHONE, dialogue, journey=journey) is None
    loaded = store.load("s", PHONE)
    assert (loaded.dialogue, loaded.journey, loaded.turn) == (dialogue, journey, 1)


def test_nothing_is_known_of_another_session_but_the_journey_of_the_phone(store: SessionStore) -> None:
    store.save("s", PHONE, a_dialogue(), journey=a_journey())
    loaded = store.load("another", PHONE)
    assert loaded.dialogue is None
    assert loaded.journey == a_journey()
    assert store.load("s", "+254711000002").dialogue is None
    assert store.load("s", "+254711000002").journey is None


def test_a_session_may_be_called_anything(store: SessionStore) -> None:
    """Also like the key of the journey: the gateway makes the names."""
    for name in ("journey", "{}", "a:b", "é", "session:journey"):
        store.save(name, PHONE, a_dialogue(reply=name), journey=a_journey())
        loaded = store.load(name, PHONE)
        assert loaded.dialogue is not None
        assert loaded.dialogue.reply == name
        assert loaded.journey == a_journey()


def test_nothing_personal_is_in_the_clear(store: SessionStore, client: redis.Redis) -> None:
    store.save("s", PHONE, a_dialogue(), journey=a_journey())
    stored = [part for key in client.keys("*") for part in (key, client.get(key))]
    assert len(stored) == 4
    for part in stored:
        for secret in (ID, ID[:4], PHONE[1:], "711000001", "Title", "Lost ID"):
            assert secret.encode() not in part


def test_sealed_values_differ_each_time(store: SessionStore, client: redis.Redis) -> None:
    """Nobody can tell by the value that two callers stand at the same screen."""
    values = []
    for number in range(2):
        store.save(f"s{number}", PHONE, a_dialogue())
    values = [client.get(key).partition(b":")[2] for key in client.keys("*")]
    assert values[0][4:] != values[1][4:]


def test_one_hash_tag_keeps_both_keys_together(store: SessionStore, client: redis.Redis) -> None:
    store.save("s", PHONE, a_dialogue(), journey=a_journey())
    tags = {key.partition(b"{")[2].partition(b"}")[0] for key in client.keys("*")}
    assert len(tags) == 1


def test_sessions_and_journeys_end_by_themselves(store: SessionStore, client: redis.Redis) -> None:
    store.save("s", PHONE, a_dialogue(), journey=a_journey())
    lives = sorted(client.ttl(key) for key in client.keys("*"))
    assert SESSION_SECONDS - 5 <= lives[0] <= SESSION_SECONDS
    assert JOURNEY_SECONDS - 5 <= lives[1] <= JOURNEY_SECONDS


def test_the_slower_of_two_hops_is_given_what_the_faster_one_saved(store: SessionStore) -> None:
    store.save("s", PHONE, a_dialogue())
    first, second = store.load("s", PHONE).dialogue, store.load("s", PHONE).dialogue
    assert first is not None
    assert second is not None
    first.reply, second.reply = "CON first", "CON second"
    assert store.save("s", PHONE, first, journey=a_journey()) is None
    faster = store.save("s", PHONE, second, forget=True)
    assert faster is not None
    assert faster.reply == "CON first"
    kept = store.load("s", PHONE)
    assert kept.dialogue is not None
    assert kept.dialogue.reply == "CON first"
    assert kept.journey == a_journey(), "the slower one does not forget it either"


def test_of_many_hops_at_once_one_is_saved(store: SessionStore) -> None:
    store.save("s", PHONE, a_dialogue())
    barrier = threading.Barrier(8)
    won: list[str] = []

    def save(name: str) -> None:
        dialogue = store.load("s", PHONE).dialogue
        assert dialogue is not None
        dialogue.reply = name
        barrier.wait(10)
        if store.save("s", PHONE, dialogue) is None:
            won.append(name)

    threads = [threading.Thread(target=save, args=[f"CON {n}"]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    kept = store.load("s", PHONE).dialogue
    assert kept is not None
    assert won == [kept.reply]


@pytest.mark.parametrize(("fate", "left"), [({}, True), ({"forget": True}, False), ({"journey": a_journey()}, True)])
def test_a_journey_is_kept_forgotten_or_set(store: SessionStore, fate: dict[str, object], left: bool) -> None:
    store.save("s", PHONE, a_dialogue(), journey=a_journey())
    dialogue = store.load("s", PHONE).dialogue
    assert dialogue is not None
    store.save("s", PHONE, dialogue, **fate)  # type: ignore[arg-type]
    assert (store.load("s", PHONE).journey is not None) is left


def test_what_another_key_sealed_is_unknown_and_can_be_written_over(
    store: SessionStore, servers: ScratchServers
) -> None:
    store.save("s", PHONE, a_dialogue(), journey=a_journey())
    store.save("s", PHONE, a_dialogue(turn=1))
    other = SessionStore(servers.redis_url, _SameIndex(KEY, "ussd"))
    loaded = other.load("s", PHONE)
    assert (loaded.dialogue, loaded.journey, loaded.turn) == (None, None, 2)
    other.save("s", PHONE, a_dialogue(turn=loaded.turn, reply="CON anew"))
    again = other.load("s", PHONE).dialogue
    assert again is not None
    assert again.reply == "CON anew"


@pytest.mark.parametrize("stored", [b"", b"5", b"5:", b"5:garbage", b":x", b"x:y", b"\xff\xff"])
def test_a_damaged_value_is_unknown(store: SessionStore, client: redis.Redis, stored: bytes) -> None:
    store.save("s", PHONE, a_dialogue(), journey=a_journey())
    for key in client.keys("*"):
        client.set(key, stored)
    loaded = store.load("s", PHONE)
    assert (loaded.dialogue, loaded.journey) == (None, None)


class _Moments:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_after_a_failure_the_store_is_left_alone_for_a_moment(dead_redis: str, servers: ScratchServers) -> None:
    moments = _Moments()
    store = SessionStore(dead_redis, Sealer(KEY, "ussd"), monotonic=moments)
    with pytest.raises(StoreDown) as first:
        store.load("s", PHONE)
    assert first.value.__cause__ is not None
    moments.now += REST_SECONDS / 2
    with pytest.raises(StoreDown) as second:
        store.save("s", PHONE, a_dialogue())
    assert second.value.__cause__ is None, "it was not even asked"
    moments.now += REST_SECONDS
    with pytest.raises(StoreDown) as third:
        store.load("s", PHONE)
    assert third.value.__cause__ is not None


def test_a_store_that_hangs_is_waited_for_once_and_not_for_ever(hanging_redis: str) -> None:
    moments = _Moments()
    store = SessionStore(hanging_redis, Sealer(KEY, "ussd"), monotonic=moments)

    def ask() -> StoreDown:
        with pytest.raises(StoreDown) as down:
            store.load("s", PHONE)
        return down.value

    assert isinstance(within(PATIENCE, ask).__cause__, redis.TimeoutError)
    assert ask().__cause__ is None, "it was not even asked"


def test_a_connection_that_was_cut_is_made_anew(store: SessionStore, client: redis.Redis) -> None:
    """A restarted Valkey, or a proxy that closes idle connections, costs no call its session."""
    store.save("s", PHONE, a_dialogue())
    mine = client.client_id()
    for connection in client.client_list():
        if int(connection["id"]) != mine:
            client.client_kill_filter(_id=connection["id"])
    assert store.load("s", PHONE).dialogue is not None


def test_a_ping_asks_though_the_store_is_resting(dead_redis: str) -> None:
    store = SessionStore(dead_redis, Sealer(KEY, "ussd"), monotonic=_Moments())
    for _time in range(2):
        with pytest.raises(StoreDown) as down:
            store.ping()
        assert down.value.__cause__ is not None


class _SameIndex(Sealer):
    """A sealer after a change of keys: the phone is found by the old index, but nothing old can be opened."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        super().__init__("another secret key, as long as the first", purpose)
        self.index = Sealer(secret_key, purpose).index  # type: ignore[method-assign]


def test_a_socket_that_nobody_serves_is_down(tmp_path_factory: pytest.TempPathFactory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(StoreDown):
        SessionStore(f"redis://127.0.0.1:{port}", Sealer(KEY, "ussd")).load("s", PHONE)
