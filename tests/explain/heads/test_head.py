import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.explain.heads.head import Head, split_head

STOPPED = "Proxy web stopped (cumulated conns: FE: 134, BE: 0)."


@pytest.mark.parametrize(
    ("line", "host", "program", "pid", "level", "stamped"),
    [
        (f"Nov 29 02:57:57 vm haproxy[7486]: {STOPPED}", "vm", "haproxy", 7486, "", True),
        (f"Nov 29 02:57:57 haproxy[7486]: {STOPPED}", "", "haproxy", 7486, "", True),
        (f"Nov 29 02:57:57 vm local0.notice haproxy[7486]: {STOPPED}", "vm", "haproxy", 7486, "", True),
        (f"<132>Nov 29 02:57:57 haproxy[7486]: {STOPPED}", "", "haproxy", 7486, "warning", True),
        (f"2026-11-29T02:57:57.367992+00:00 vm haproxy[7486]: {STOPPED}", "vm", "haproxy", 7486, "", True),
        (
            f"<132>1 2026-11-29T02:57:57.36Z vm haproxy 7486 - - {STOPPED}",
            "vm",
            "haproxy",
            7486,
            "warning",
            True,
        ),
        (
            f"<132>1 2026-11-29T02:57:57.36Z vm haproxy 7486 - -  {STOPPED}",
            "vm",
            "haproxy",
            7486,
            "warning",
            True,
        ),
        (f'<132>1 - - haproxy - - [a@1 b="c\\]d"] {STOPPED}', "", "haproxy", 0, "warning", False),
        (f"2026-11-29T02:57:57.367992123Z stdout F {STOPPED}", "", "", 0, "", True),
        (
            f"2026-11-29T02:57:57.3Z stderr F [WARNING]  (7486) : {STOPPED}",
            "",
            "haproxy",
            7486,
            "warning",
            True,
        ),
        (
            f"2026-11-29T02:57:57.3Z stdout F <132>haproxy[7486]: {STOPPED}",
            "",
            "haproxy",
            7486,
            "warning",
            True,
        ),
        (f"2026-11-29T02:57:57.367992123Z {STOPPED}", "", "", 0, "", True),
        (f"<4>2026-11-29T02:57:57.367992+00:00 {STOPPED}", "", "", 0, "warning", True),
        (f"lb-haproxy-1  | {STOPPED}", "", "", 0, "", False),
        (f"lb-haproxy-1  | [WARNING]  (7486) : {STOPPED}", "", "haproxy", 7486, "warning", False),
        (f"[pod/lb-0/haproxy] 2026-11-29T02:57:57Z {STOPPED}", "", "", 0, "", True),
        (f"[WARNING]  (7486) : {STOPPED}", "", "haproxy", 7486, "warning", False),
        (f"[WARNING] 332/025757 (7486) : {STOPPED}", "", "haproxy", 7486, "warning", False),
        (
            f"Nov 29 02:57:57 vm haproxy[7484]: [WARNING]  (7486) : {STOPPED}",
            "vm",
            "haproxy",
            7486,
            "warning",
            True,
        ),
        (f"1795921077.367992 vm haproxy[7486]: {STOPPED}", "vm", "haproxy", 7486, "", True),
        (f"Sun 2026-11-29 02:57:57 UTC vm haproxy[7486]: {STOPPED}", "vm", "haproxy", 7486, "", True),
        (f"Nov 29 02:57:57 vm lb1: {STOPPED}", "vm", "lb1", 0, "", True),
        (STOPPED, "", "", 0, "", False),
    ],
)
def test_heads(line: str, host: str, program: str, pid: int, level: str, *, stamped: bool) -> None:
    head = split_head(line)
    assert head.message == STOPPED
    assert (head.host, head.program, head.pid, head.level) == (host, program, pid, level)
    assert (head.stamp is not None) == stamped


@pytest.mark.parametrize(
    "message",
    [
        "10.0.0.1:51544 [29/Nov/2026:02:58:03.315] web app/s1 1/0/3011 40 K- 1/1/0/0/0 0/0",
        "2001:db8::1:51544 [29/Nov/2026:02:58:03.315] web app/s1 1/0/3011 40 K- 1/1/0/0/0 0/0",
        "Server be/s1 is DOWN, reason: Layer4 connection problem",
        "backend be has no server available!",
        "config : parsing [/etc/h.cfg:14] : unknown keyword 'x' in 'frontend' section",
        '{"a": 1}',
    ],
)
def test_a_message_is_not_taken_for_a_head(message: str) -> None:
    assert split_head(message).message == message
    assert split_head(f"Nov 29 02:57:57 vm haproxy[7486]: {message}").message == message
    assert split_head(f"2026-11-29T02:57:57Z stdout F {message}").message == message


def test_structured_data() -> None:
    head = split_head('<134>1 2026-11-29T02:57:57Z vm haproxy 7 - [ex@1 id="a b\\]"][y@2 c="d"] hello')
    assert head.data == '[ex@1 id="a b\\]"][y@2 c="d"]'
    assert head.message == "hello"


def test_own_messages() -> None:
    assert split_head("[NOTICE]   (1) : Loading success.") == Head(
        "Loading success.", program="haproxy", pid=1, level="notice", own=True
    )


@pytest.mark.parametrize(
    "hostile", ["[" * 60_000, "a " * 30_000, '<1>1 - - - - - [a "' + "\\" * 60_000, "<1>" * 20_000]
)
def test_a_hostile_line_costs_little(hostile: str) -> None:
    start = time.process_time()
    split_head(hostile)
    assert time.process_time() - start < 2.0


@given(
    st.text(),
    st.sampled_from(["", "Nov 29 02:57:57 ", "<13>", "<13>1 ", "2026-11-29T02:57:57Z ", "[ALERT] (1) : "]),
)
def test_any_text(text: str, before: str) -> None:
    head = split_head(before + text)
    assert (before + text).endswith(head.message)
