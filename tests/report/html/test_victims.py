import re

import pytest

from hitless.records import Event, EventKind
from hitless.report.html.victims import _MOST_EVENTS, render_events, render_victims
from hitless.verdict import ProofResult, VictimDetail
from tests.report.synthetic import make_run, replace

RESULT = make_run().result
ONE = RESULT.victims_sample[0]


def with_victims(*victims: VictimDetail) -> ProofResult:
    result: ProofResult = replace(RESULT, victims_sample=victims)
    return result


def fact(html: str, name: str) -> str:
    return re.sub("<[^>]*>", "", html.partition(f"<dt>{name}</dt><dd>")[2].partition("</dd>")[0])


def test_without_victims_there_is_no_section() -> None:
    assert render_victims(with_victims()) == ""


def test_victims_stand_under_their_cause_with_its_whole_number() -> None:
    codes = [cause.code for cause in RESULT.causes]
    html = render_victims(RESULT)
    groups = re.findall(
        r'<summary><span class="code">(\w+)</span> ([\d\s]+) listed of ([\d\s]+)</summary>', html
    )
    assert sorted(code for code, _, _ in groups) == sorted(codes)
    numbers = {code: int(re.sub(r"\s", "", total)) for code, _, total in groups}
    assert numbers == {cause.code: cause.victims for cause in RESULT.causes}
    assert html.count('<details class="victim">') == len(RESULT.victims_sample)


def test_what_is_known_of_a_victim() -> None:
    known = replace(
        ONE,
        status=502,
        errno=104,
        received_bytes=10,
        first_byte_ms=1.5,
        retried="ok",
        request_number=7,
        phase="",
    )
    html = render_victims(with_victims(known))
    assert fact(html, "client") == f"port {ONE.local_port} → {ONE.address}"
    assert fact(html, "connection").endswith("old, request 7 on it")
    assert "first byte after 1.5" in fact(html, "attempt")
    assert fact(html, "answer") == "HTTP 502, 10 bytes, errno 104"
    assert fact(html, "retry") == "ok"
    assert f"reload {ONE.reload}</span>" in html


def test_what_is_not_known_is_said() -> None:
    unknown = replace(ONE, status=0, errno=0, first_byte_ms=None, retried="", kernel="", log=(), reload=0)
    html = render_victims(with_victims(unknown))
    assert "first byte" not in fact(html, "attempt")
    assert fact(html, "retry") == "a retrying client may not repeat it"
    assert fact(html, "kernel") == "no event matched"
    assert fact(html, "log") == "no line for this client address"
    assert "between reloads" in html


def test_a_line_break_in_a_log_line_makes_no_second_line() -> None:
    html = render_victims(with_victims(replace(ONE, log=("one\nforged", "two", "3", "4", "5", "6"))))
    lines = html.partition("<pre>")[2].partition("</pre>")[0].splitlines()
    assert len(lines) == 5
    assert "forged" in lines[0]
    assert lines[4] == "… 2 more"


def event(kind: EventKind, t_ms: int, **fields: object) -> Event:
    return Event(t_ns=RESULT.origin_ns + t_ms * 1_000_000, kind=kind, **fields)  # type: ignore[arg-type]


def test_events_stand_in_order_and_those_drawn_elsewhere_are_counted() -> None:
    events = [
        event(EventKind.RELOAD_DONE, 20, reload=1),
        event(EventKind.LOG_LINE, 12, text="a log line"),
        event(EventKind.KERNEL_RESET_SENT, 13),
        event(EventKind.RELOAD_TRIGGER, 10, reload=1, text="<USR2>", pid=7),
    ]
    html = render_events(RESULT, events)
    assert html.index("reload triggered") < html.index("reload done")
    assert "0.010000</td>" in html
    assert "&lt;USR2&gt;" in html
    assert "a log line" not in html
    assert "2 listed, 2 single resets, log lines and others left out" in html


@pytest.mark.parametrize("beyond", [0, 3])
def test_the_list_of_events_is_bounded(beyond: int) -> None:
    html = render_events(RESULT, [event(EventKind.NOTE, n) for n in range(_MOST_EVENTS + beyond)])
    assert html.count("<td>note</td>") == _MOST_EVENTS
    assert f"{beyond} single resets" in html
