import re
from collections.abc import Callable

import pytest

from hitless.report.terminal import render
from hitless.verdict import NotCovered
from tests.report.synthetic import (
    HOSTILE_TERMINAL,
    Run,
    make_hostile,
    make_incomplete,
    make_restart,
    make_run,
    replace,
)

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def test_the_first_line_is_the_verdict() -> None:
    result = make_run().result
    first = render(result, width=110).splitlines()[0]
    assert re.fullmatch(
        r"  NOT HITLESS   \d+ of 32 000 requests hurt   \(naive clients; polite 12, retrying 0\)", first
    )


def test_a_cause_has_its_reason_evidence_and_fix_beneath() -> None:
    text = render(make_run().result, width=110)
    block = text[text.index("  HL501") : text.index("  HL504")].splitlines()
    assert re.fullmatch(r"  HL501  \d+  idle keep-alive connections closed under clients", block[0])
    assert block[1].strip() == "keepalive, idle · www, api"
    assert block[2].startswith("         the old worker closes idle connections")
    assert "   option idle-close-on-response   haproxy.cfg:14 (defaults)   hitless rule HL501" in text


def test_clean_run_is_short() -> None:
    lines = render(make_run(hurt=False).result, width=110).splitlines()
    assert lines[0].startswith("  HITLESS   none of 32 000 requests hurt")
    assert len(lines) <= 8


def test_incomplete_evidence_says_why_and_what_was_not_covered() -> None:
    text = render(make_incomplete().result)
    assert text.startswith("  NO VERDICT   evidence incomplete")
    assert "  because    12 kernel events were lost\n" in text
    assert "h3 (haproxy.cfg:70): QUIC is not spoken by the clients" in text


def test_long_lists_are_cut() -> None:
    result = make_incomplete().result
    missed = tuple(NotCovered(where=f"a.cfg:{line}", why="udp") for line in range(9))
    text = render(replace(result, coverage=replace(result.coverage, not_covered=missed)))
    assert "a.cfg:4: udp" in text
    assert "a.cfg:5: udp" not in text
    assert "and 4 more" in text


@pytest.mark.parametrize("width", [40, 60, 80, 132])
@pytest.mark.parametrize(
    "make", [make_run, make_restart, make_incomplete, lambda: make_hostile(HOSTILE_TERMINAL)]
)
def test_fits_the_width_with_and_without_colour(make: Callable[[], Run], width: int) -> None:
    result = make().result
    plain = render(result, width=width)
    assert max(map(len, plain.splitlines())) <= width
    assert "\x1b" not in plain
    coloured = render(result, width=width, colour=True)
    assert coloured != plain
    assert ANSI.sub("", coloured) == plain


def test_hostile_text_cannot_reach_the_terminal() -> None:
    text = render(make_hostile(HOSTILE_TERMINAL).result, bundle=HOSTILE_TERMINAL)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    text.encode()


def test_the_report_command_is_never_broken() -> None:
    result = make_run().result
    assert "  report     hitless report run-1 --format html\n" in render(result, bundle="run-1")
    assert "  report\n    hitless report prove-20261122-1432 --format html\n" in render(
        result, width=50, bundle="prove-20261122-1432"
    )
    assert "hitless report" not in render(result)
