import pytest

from hitless.captured import Close, Ending, Phase, Protocol, Side
from hitless.explain.captures.endings import Seen, judge_ending, judge_phase

FIN = {"ended_by": Side.PROXY, "closed_with": Close.FIN}
RST = {"ended_by": Side.PROXY, "closed_with": Close.RST}
ANSWERED = {"requests": 3, "proxy_spoke": True, "proxy_spoke_last": True}
ASKED_AGAIN = {"requests": 2, "proxy_spoke": True}
TUNNEL = {**ANSWERED, "protocol": Protocol.TUNNEL}
HTTP = {**ANSWERED, "protocol": Protocol.HTTP1}


@pytest.mark.parametrize(
    ("fields", "phase", "ending"),
    [
        ({"established": False, **RST}, Phase.HANDSHAKE, Ending.REFUSED),
        ({"established": False, "syn_count": 3}, Phase.HANDSHAKE, Ending.NO_ANSWER),
        ({"established": False}, Phase.HANDSHAKE, Ending.OPEN),
        (RST, Phase.BEFORE_REQUEST, Ending.RESET_BEFORE_REQUEST),
        (FIN, Phase.BEFORE_REQUEST, Ending.CLOSED_BEFORE_REQUEST),
        ({"requests": 1, **RST}, Phase.REQUEST, Ending.RESET_UNANSWERED),
        ({"requests": 1, **FIN}, Phase.REQUEST, Ending.CLOSED_UNANSWERED),
        ({**ASKED_AGAIN, **FIN}, Phase.REQUEST, Ending.STALE_REUSE),
        ({**ASKED_AGAIN, **RST}, Phase.REQUEST, Ending.STALE_REUSE),
        ({"requests": 1, "whole": False, **FIN}, Phase.REQUEST, Ending.STALE_REUSE),
        ({**HTTP, **FIN}, Phase.AFTER_RESPONSE, Ending.CLOSED_BY_PROXY),
        ({**HTTP, **RST}, Phase.AFTER_RESPONSE, Ending.CLOSED_BY_PROXY),
        ({**HTTP, **FIN, "is_incomplete": True}, Phase.RESPONSE, Ending.RESPONSE_CUT),
        ({**HTTP, **RST, "is_incomplete": True}, Phase.RESPONSE, Ending.RESPONSE_CUT),
        ({**ANSWERED, **FIN}, Phase.AFTER_RESPONSE, Ending.CLOSED_BY_PROXY),
        ({**ANSWERED, **RST}, Phase.AFTER_RESPONSE, Ending.STREAM_CUT),
        ({**TUNNEL, **FIN}, Phase.RESPONSE, Ending.STREAM_CUT),
        ({**TUNNEL, **FIN, "said_goodbye": True}, Phase.AFTER_RESPONSE, Ending.CLOSED_BY_PROXY),
        ({**ASKED_AGAIN, "ended_by": Side.CLIENT}, Phase.REQUEST, Ending.CLIENT),
        (ANSWERED, Phase.AFTER_RESPONSE, Ending.OPEN),
    ],
)
def test_what_was_seen_decides(fields: dict[str, object], phase: Phase, ending: Ending) -> None:
    seen = Seen(**fields)  # type: ignore[arg-type]
    assert judge_phase(seen) is phase
    assert judge_ending(seen, phase) is ending
