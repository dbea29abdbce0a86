from hitless.captured import Close, Protocol
from hitless.explain.captures.flow import Direction, Flow

CLIENT, PROXY = 1, 2


def flow() -> Flow:
    return Flow((Direction(CLIENT), Direction(PROXY)), 100, 100)


class Speaking:
    """Gives a flow bytes, one segment after the other."""

    def __init__(self) -> None:
        self.flow = flow()
        self.client, self.proxy = self.flow.ends
        self._at = {CLIENT: 10, PROXY: 0xFFFF_FFFC}
        self._t_ns = 100

    def say(self, who: Direction, data: bytes, captured: int | None = None) -> None:
        self._t_ns += 10
        at = self._at[who.endpoint]
        kept = data[:captured]
        self.flow.take_data(who, self._t_ns, at, len(data), b"head" + kept, 4, 4 + len(kept))
        self._at[who.endpoint] = (at + len(data)) & 0xFFFF_FFFF


def test_bytes_count_once_however_often_they_are_sent() -> None:
    state = flow()
    client = state.ends[0]
    for sequence, size in ((10, 5), (10, 5), (15, 5), (12, 8), (18, 4), (19, 1)):
        state.take_data(client, 200, sequence, size, bytes(9), 0, size)
    assert (client.size_bytes, client.missing_bytes, client.turns) == (12, 0, 1)


def test_bytes_that_the_capture_lacks_are_told_by_those_that_follow() -> None:
    state = flow()
    client = state.ends[0]
    state.take_data(client, 200, 10, 5, bytes(5), 0, 5)
    state.take_data(client, 300, 25, 5, bytes(5), 0, 5)
    assert (client.size_bytes, client.missing_bytes) == (20, 10)


def test_an_answer_that_the_capture_lacks_is_told_by_the_acknowledgement() -> None:
    state = flow()
    client, proxy = state.ends
    state.take_syn_ack(proxy, 110, 4999)
    state.take_data(client, 200, 10, 5, bytes(5), 0, 5)
    state.take_acknowledged(client, 300, 5000)
    assert state.speaker is client
    state.take_acknowledged(client, 300, 5100)
    assert state.speaker is proxy
    assert (proxy.size_bytes, proxy.missing_bytes, proxy.turns) == (100, 100, 1)
    state.take_acknowledged(client, 300, 5050)
    assert proxy.size_bytes == 100, "an old acknowledgement says nothing"


def test_a_fin_that_the_capture_lacks_is_told_by_the_acknowledgement() -> None:
    state = flow()
    client, proxy = state.ends
    state.take_syn_ack(proxy, 110, 4999)
    state.take_acknowledged(client, 300, 5001)
    assert (state.ended, state.closed_with, proxy.fin_ns) == (proxy, Close.FIN, 300)
    assert state.take_fin(client, 310, 77)


def test_turns_are_counted_over_interim_answers_too() -> None:
    talk = Speaking()
    talk.say(talk.client, b"POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n")
    talk.say(talk.proxy, b"HTTP/1.1 100 Continue\r\n\r\n")
    talk.say(talk.client, b"body")
    talk.say(talk.proxy, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert talk.client.turns == 1
    talk.say(talk.client, b"GET / HTTP/1.1\r\n\r\n")
    assert talk.client.turns == 2
    assert talk.flow.quiet_ns == 10


def test_an_answer_says_who_is_the_client() -> None:
    talk = Speaking()
    talk.say(talk.proxy, b"HTTP/1.1 200 OK\r\n\r\n")
    assert talk.flow.client is talk.client
    assert talk.flow.protocol is Protocol.HTTP1


def test_an_answer_of_known_length_is_incomplete_until_its_last_byte() -> None:
    talk = Speaking()
    talk.say(talk.client, b"GET / HTTP/1.1\r\n\r\n")
    talk.say(talk.proxy, b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
    assert talk.flow.is_incomplete
    talk.say(talk.proxy, b"def")
    assert not talk.flow.is_incomplete


def test_the_answer_to_head_is_complete_without_a_body() -> None:
    talk = Speaking()
    talk.say(talk.client, b"HEAD / HTTP/1.1\r\n\r\n")
    talk.say(talk.proxy, b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")
    assert not talk.flow.is_incomplete


def test_a_chunked_answer_is_incomplete_until_its_last_chunk() -> None:
    talk = Speaking()
    talk.say(talk.client, b"GET / HTTP/1.1\r\n\r\n")
    talk.say(talk.proxy, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata\n\r\n")
    assert talk.flow.is_incomplete
    talk.say(talk.proxy, b"0\r\n\r\n")
    assert not talk.flow.is_incomplete


def test_where_the_end_was_not_captured_nothing_is_called_incomplete() -> None:
    talk = Speaking()
    talk.say(talk.client, b"GET / HTTP/1.1\r\n\r\n")
    talk.say(talk.proxy, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata\n\r\n", captured=50)
    assert not talk.flow.is_incomplete


def test_a_websocket_is_a_tunnel_until_somebody_says_close() -> None:
    talk = Speaking()
    talk.say(talk.client, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
    talk.say(talk.proxy, b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    talk.say(talk.client, b"\x81\x82mask\x01\x02")
    assert talk.flow.protocol is Protocol.TUNNEL
    assert not talk.flow.said_goodbye
    talk.say(talk.client, b"\x88\x82mask\x01\x02")
    assert talk.flow.said_goodbye


def test_an_alert_of_tls_is_no_turn() -> None:
    talk = Speaking()
    talk.say(talk.client, b"\x16\x03\x01" + bytes(200))
    talk.say(talk.proxy, b"\x16\x03\x03" + bytes(900))
    talk.say(talk.client, b"\x17\x03\x03" + bytes(200))
    talk.say(talk.proxy, b"\x15\x03\x03" + bytes(28))
    assert talk.flow.protocol is Protocol.TLS
    assert talk.flow.speaker is talk.client
    assert talk.proxy.turns == 1


def test_the_first_end_counts_and_a_syn_captured_twice_is_one() -> None:
    state = flow()
    client, proxy = state.ends
    for t_ns in (100, 101, 1_000_000_100, 3_000_000_100):
        state.take_syn(client, t_ns, 7)
    assert (state.syn_count, state.first_ns, state.last_syn_ns) == (3, 100, 3_000_000_100)
    state.take_fin(proxy, 4_000_000_000, 1)
    state.take_reset(client, 4_000_000_001, 8)
    assert (state.ended, state.closed_with, state.reset) == (proxy, Close.FIN, client)
