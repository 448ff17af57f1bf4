import pytest

from signalbox.address import socket_url
from signalbox.backoff import Backoff, is_terminal
from signalbox.positions import Positions


@pytest.mark.parametrize(
    ("random", "pauses"),
    [
        (1.0, [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]),
        (0.5, [0.05, 0.1, 0.2, 0.4, 0.5, 0.5]),
        (0.0, [0.0] * 6),
    ],
)
def test_pauses_are_anything_up_to_twice_as_long_each_time(random, pauses):
    backoff = Backoff(0.1, 1.0, lambda: random)
    assert [backoff.pause_s() for _ in pauses] == pytest.approx(pauses)


def test_what_the_server_asks_for_is_waited_with_the_jitter_on_top():
    backoff = Backoff(0.1, 1.0, lambda: 0.5)
    assert backoff.pause_s(2.0) == pytest.approx(2.05)
    assert backoff.pause_s() == pytest.approx(0.1)
    backoff.reset()
    assert backoff.pause_s() == pytest.approx(0.05)


def test_only_some_codes_are_the_end():
    assert [code for code in (1002, 1007, 1009, 4400, 4401, 4403, 4429, 4499) if not is_terminal(code)] == []
    assert [code for code in (1000, 1001, 1006, 4000, 4001, 4099, 4500) if is_terminal(code)] == []


def test_a_servers_url_leads_to_its_socket():
    for url, expect in {
        "http://127.0.0.1:9999": "ws://127.0.0.1:9999/api/ws",
        "https://box.example/flows/": "wss://box.example/flows/api/ws",
        "ws://[::1]:1/api/ws": "ws://[::1]:1/api/ws",
    }.items():
        assert socket_url(url) == expect
    for url in ("ftp://box", "box:9999", "http://box/?a=b", ""):
        with pytest.raises(ValueError):
            socket_url(url)


def test_an_event_is_news_of_the_topics_that_are_below_it():
    positions = Positions()
    positions.want("events")
    positions.want({"topic": "agent:a", "after": 3, "epoch": "e"})
    assert positions.news(["events", "agent:a"], 9) == [], "not before it is subscribed"
    positions.subscribed({"topic": "events", "position": 5, "recovered": False}, "e")
    positions.subscribed({"topic": "agent:a", "position": 5, "recovered": True}, "e")
    assert positions.news(["events", "agent:a", "other"], 4) == ["agent:a"]
    assert positions.news(["events", "agent:a"], 4) == []
    assert positions.news(["events", "agent:a"], 6) == ["events", "agent:a"]
    assert positions.news(["events"], None) == ["events"]
    positions.gap({"topic": "events", "from": 6, "to": 8, "reason": "unavailable"}, "e")
    assert positions.news(["events"], 8) == []
    assert positions.news(["events"], 9) == ["events"]


def test_what_was_had_is_asked_for_after_a_break_of_the_log_it_was_had_of():
    positions = Positions()
    positions.want("events")
    positions.want("fresh")
    positions.subscribed({"topic": "events", "position": 5, "recovered": False}, "one")
    positions.news(["events"], 7)
    positions.disconnected()
    assert positions.news(["events"], 8) == []
    assert positions.snapshot() == [{"topic": "events", "after": 7, "epoch": "one"}, {"topic": "fresh"}]
    positions.subscribed({"topic": "events", "position": 2, "recovered": False}, "two")
    assert positions.request("events") == {"topic": "events", "after": 7, "epoch": "one"}, "until the gap is told"
    assert positions.gap({"topic": "events", "from": 7, "to": 2, "reason": "epoch"}, "two")
    positions.want("events")
    assert positions.request("events") == {"topic": "events", "after": 2, "epoch": "two"}, "subscribing is idempotent"
