from msgspec.structs import replace

from hitless.explain.watch import Watch
from hitless.logged import ChangeKind, Clock, LinePlace, Moment, Traffic
from tests.explain.stories import event, story

SECOND = 10**9


def traffic(pid: int) -> Traffic:
    at = Moment(t_ns=1, error_ns=0, clock=Clock.SYSLOG)
    return Traffic(at=at, place=LinePlace(source=0, offset=0, size_bytes=0), pid=pid)


def test_a_new_process_is_a_sign() -> None:
    watch = Watch(0)
    for pid in (1, 1, 1):
        watch.take(traffic(pid), 0)
    assert not watch.is_due(100 * SECOND)
    watch.take(traffic(2), SECOND)
    assert not watch.is_due(2 * SECOND)
    assert watch.is_due(6 * SECOND)


def test_each_event_is_told_once_when_it_is_over() -> None:
    reload = event(story("3.2.log"), ChangeKind.RELOAD)
    watch = Watch(0)
    assert watch.news((reload,), reload.until_ns - 1) == []
    assert watch.is_due(reload.until_ns + 5 * SECOND)
    assert watch.news((reload,), reload.until_ns) == [reload]
    moved = replace(reload.change.at, t_ns=reload.change.at.t_ns + SECOND)
    again = replace(reload, change=replace(reload.change, at=moved))
    assert watch.news((again,), reload.until_ns) == []
    assert not watch.is_due(reload.until_ns + 100 * SECOND)


def test_what_was_before_is_no_news() -> None:
    reload = event(story("3.2.log"), ChangeKind.RELOAD)
    assert Watch(reload.until_ns).news((reload,), reload.until_ns) == []
