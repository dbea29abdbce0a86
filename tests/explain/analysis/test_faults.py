from hitless.explain.analysis.faults import FailedConnections, describe_failure, find_faults, may_have_failed
from hitless.explain.analysis.spans import plan_spans
from hitless.explain.error_snapshots import Snapshot
from hitless.explanations import Counting, FaultKind
from hitless.logged import Clock, LinePlace, Moment, Traffic
from tests.explain.analysis.views import AT, SECOND, change

NONE: frozenset[str] = frozenset()


def failed(second: float, *, error: str = "SSL handshake failure", **more: object) -> Traffic:
    at = Moment(t_ns=AT.t_ns + round(second * SECOND), error_ns=SECOND, clock=Clock.SYSLOG)
    place = LinePlace(source=0, offset=round(second * 1000), size_bytes=9)
    fields: dict[str, object] = {"client": f"192.0.2.1:{4000 + round(second)}", "frontend": "tls"}
    return Traffic(at=at, place=place, error=error, **fields | more)  # type: ignore[arg-type]


def test_those_alike_that_follow_each_other_are_one() -> None:
    lines = [failed(n) for n in (1, 2, 50, 200)] + [failed(3, frontend="other")]
    found = find_faults((), FailedConnections(lines), NONE, plan_spans([change()]))
    (first, places), (other, _), (later, _) = found
    assert (first.count, first.counting, first.clients, first.event) == (
        3,
        Counting.COUNTED,
        ("192.0.2.1",),
        1,
    )
    assert first.last_ns - first.first_ns == 49 * SECOND
    assert [place.offset for place in places] == [1000, 2000, 50_000]
    assert (other.frontend, other.count) == ("other", 1)
    assert (later.count, later.event) == (1, 0)


def test_of_chosen_lines_the_number_is_estimated() -> None:
    ((fault, _),) = find_faults((), FailedConnections([failed(1), failed(2)], 10.0), NONE, ())
    assert (fault.count, fault.counting) == (20, Counting.ESTIMATED)


def test_what_show_errors_kept_is_quoted() -> None:
    snapshot = Snapshot(
        AT, FaultKind.INVALID_RESPONSE, 58, "web", "app", "s1", "[2001:db8::1]:80", 3, 20, 54, "there", "x"
    )
    ((fault, places),) = find_faults([("errors", snapshot)], FailedConnections(), NONE, ())
    assert (fault.kind, fault.backend, fault.server, fault.clients) == (
        FaultKind.INVALID_RESPONSE,
        "app",
        "s1",
        ("2001:db8::1",),
    )
    assert places == ()
    assert fault.quotes[0].text == "byte 20 of 54: x"


def test_why_a_connection_failed() -> None:
    plain = {"error": "", "format_name": "f:1"}
    reasons = {"fc_err": "34", "fc_err_str": "SSL handshake failure", "ssl_fc_err_str": "-"}
    assert describe_failure(failed(1), NONE) == "SSL handshake failure"
    assert describe_failure(failed(1, **plain, other=reasons), NONE) == "SSL handshake failure"
    assert describe_failure(failed(1, **plain, other={"fc_err": "0", "fc_err_str": "Success"}), NONE) == ""
    assert describe_failure(failed(1, **plain), frozenset({"f:1"})) == "no reason in its format"
    assert describe_failure(failed(1, **plain), NONE) == ""
    assert describe_failure(failed(1, status=200), NONE) == ""
    assert describe_failure(failed(1, **plain, status=0, termination="PR--", other=reasons), NONE)
    assert not may_have_failed(-1, "----")
