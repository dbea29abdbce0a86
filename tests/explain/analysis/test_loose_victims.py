from hitless.captured import Ending
from hitless.explain.analysis.loose_victims import name_loose_causes
from tests.explain.analysis.test_captured import victim
from tests.explain.analysis.views import AT, SECOND


def test_bursts_look_like_causes_and_single_ones_like_none() -> None:
    burst = [victim(Ending.STALE_REUSE, AT.t_ns + n, n) for n in range(5)]
    single = victim(Ending.STREAM_CUT, AT.t_ns + 100 * SECOND)
    found = name_loose_causes([*burst, single], [])
    assert [(cause.code, cause.name, cause.victims) for cause in found] == [
        ("HL501", "idle-close-under-clients", 5),
        ("", "unexplained", 1),
    ]
    assert found[0].evidence[0].t_ns == AT.t_ns


def test_refusals_of_two_seconds_are_a_failed_bind_and_others_a_restart() -> None:
    paused = [victim(Ending.REFUSED, AT.t_ns + n * SECOND // 2) for n in range(5)]
    assert [cause.code for cause in name_loose_causes(paused, [])] == ["HL401"]
    gone = [victim(Ending.REFUSED, AT.t_ns + n * SECOND) for n in range(15)]
    assert [cause.code for cause in name_loose_causes(gone, [])] == ["HL101"]
