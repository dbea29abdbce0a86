"""What was not measured never reads as nothing."""

import msgspec
import pytest

from hitless.reloads import ClientEffects, ReloadOutcome
from hitless.report.reload.clients import clients_lines, reset_words, resets_in_short
from tests.reload.made_receipts import CLIENTS, make_receipt


def said(clients: ClientEffects | None, outcome: ReloadOutcome = ReloadOutcome.TAKEN_OVER) -> str:
    return "\n".join(
        f"{line.label}: {line.text}{' !' if line.worrying else ''}"
        for line in clients_lines(make_receipt(clients=clients, outcome=outcome))
    )


QUIET = ClientEffects(
    source="tracefs",
    window_s=4.0,
    resets_to_clients=0,
    closed_with_unread_data=0,
    queue_drops=0,
    migrated=0,
    migration_failures=0,
    listener_gap_s=0.0,
)


def test_nobody_hurt() -> None:
    assert said(QUIET) == (
        "clients: no reset to clients by the reload · no connection closed with unread data · no connection dropped "
        "from a full accept queue · no listener gap · seen by the kernel's trace in 4 s"
    )
    assert resets_in_short(make_receipt(clients=QUIET)) == "no resets"


def test_somebody_hurt() -> None:
    text = said(CLIENTS)
    for part in (
        "3 resets to clients by the reload",
        "0.4 resets/s before it",
        "2 connections moved to the new socket",
        "3 TCP_ABORT_ON_CLOSE in ESTABLISHED: closed with unread data",
        "  203.0.113.9:4000 -> 10.0.0.1:80 at +0.212",
        "7 NO_SOCKET in CLOSE: a late packet; not by the reload",
        "haproxy: counted meanwhile: requests 4 711 · responses 5xx 0",
    ):
        assert part in text
    assert text.split("\n")[0].endswith(" !")
    assert resets_in_short(make_receipt(clients=CLIENTS)) == "3 resets"


@pytest.mark.parametrize(
    ("figures", "part"),
    [
        ({"listener_gap_s": 2.03}, "nobody listened for 2.03 s"),
        ({"queue_drops": 4}, "4 connections dropped from a full accept queue"),
        ({"migration_failures": 1}, "1 connection could not be moved to the new socket"),
        ({"cut_at_hard_stop": 12}, "12 sessions cut at the hard stop"),
        ({"cut_at_hard_stop": 0}, "no session cut at the hard stop"),
    ],
)
def test_other_harm(figures: dict[str, float], part: str) -> None:
    text = said(msgspec.structs.replace(QUIET, **figures))
    assert part in text
    assert text.endswith(" !") == any(figures.values())


@pytest.mark.parametrize("filled", [True, False])
@pytest.mark.parametrize("source", ["counters", "none", "something else"])
def test_without_a_trace_no_reset_is_not_claimed(source: str, *, filled: bool) -> None:
    """Whatever a careless hand has filled in."""
    base = QUIET if filled else ClientEffects(source=source)
    clients = msgspec.structs.replace(base, source=source, why="not root")
    text = said(clients)
    assert "no reset" not in text
    assert "0 reset" not in text
    assert "not seen: resets to clients" in text
    assert "(not root)" in text
    assert text.split("\n")[0].endswith(" !")
    assert resets_in_short(make_receipt(clients=clients)) == "resets not counted"
    measured = source == "counters" and filled
    assert ("no connection dropped" in text) == measured
    assert ("nothing was measured" in text) == (source != "counters")


def test_lost_events_spoil_a_zero() -> None:
    lossy = msgspec.structs.replace(QUIET, lost_events=12)
    assert "no reset was seen, but 12 events of the trace lost" in said(lossy)
    assert resets_in_short(make_receipt(clients=lossy)) == "no resets, events lost"
    some = msgspec.structs.replace(CLIENTS, lost_events=1)
    assert "at least 3 resets, but 1 event of the trace lost" in said(some)


def test_without_any_record_it_says_so_unless_nothing_was_done() -> None:
    assert said(None) == "clients: what happened to clients was not measured !"
    assert resets_in_short(make_receipt()) == "resets not counted"
    assert said(None, ReloadOutcome.REJECTED_BY_PREFLIGHT) == ""
    assert resets_in_short(make_receipt(outcome=ReloadOutcome.REJECTED_BY_PREFLIGHT)) == ""


def test_a_reset_without_words_of_the_kernel() -> None:
    first = msgspec.structs.replace(CLIENTS.resets[0], reason="")
    assert reset_words(first) == "3 ESTABLISHED: closed with unread data"
