import pytest

from hitless.errors import EvidenceError
from hitless.evidence import trace
from hitless.evidence.trace import KernelTrace
from hitless.evidence.trace_events import TraceFilter
from tests.evidence.kernel import V6_1, V6_18, read_formats


def test_without_a_trace_it_opens_all_the_same_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise EvidenceError("no tracefs here")

    monkeypatch.setattr(trace, "open_tracefs", refuse)
    with KernelTrace(TraceFilter()) as kernel:
        assert kernel.status().source == "counters"
        assert kernel.status().why == "no tracefs here"
        assert kernel.drain() == []
        assert kernel.stop() == []


def test_before_the_start_there_is_no_source() -> None:
    assert KernelTrace(TraceFilter()).status().source == "none"


def test_the_kernel_sorts_out_what_it_can() -> None:
    new, old = read_formats(V6_18), read_formats(V6_1)
    receive, send = new["tcp_receive_reset"], new["tcp_send_reset"]
    wanted = TraceFilter(frozenset({"192.0.2.1:443", "192.0.2.1:80", "[2001:db8::1]:80"}))
    assert trace._kernel_filter(trace.RECEIVE_RESET, wanted, receive) == "dport==80 || dport==443"
    assert trace._kernel_filter(trace.SEND_RESET, wanted, send) == ""
    both_sides = "sport==80 || dport==80 || sport==443 || dport==443"
    assert trace._kernel_filter(trace.SEND_RESET, wanted, old["tcp_send_reset"]) == both_sides
    assert trace._kernel_filter(trace.RECEIVE_RESET, TraceFilter(), receive) == ""
    assert "oldstate==10" in trace._kernel_filter(trace.SET_STATE, wanted, new["inet_sock_set_state"])
    many = TraceFilter(frozenset(f"192.0.2.1:{port}" for port in range(1, 100)))
    assert trace._kernel_filter(trace.RECEIVE_RESET, many, receive) == ""
