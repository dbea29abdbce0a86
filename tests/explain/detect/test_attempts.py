from hitless.explain.detect.attempts import Attempt, read_attempts
from tests.explain.detect.histories import History, offset_s


def read(*lines: tuple[float, int, str]) -> list[Attempt]:
    history = History()
    for seconds, pid, text in lines:
        history.say(seconds, pid, text)
    return read_attempts(history.own)


def test_a_start_and_a_reload() -> None:
    start, reload = read(
        (0, 1, "New worker #1 (100) forked"),
        (10, 1, "Reexecuting Master process"),
        (10.1, 1, "New worker #1 (200) forked"),
    )
    assert (start.reload, start.new_pids, start.failed) == (False, [100], False)
    assert (reload.reload, reload.new_pids, reload.failed) == (True, [200], False)
    assert offset_s(reload.asked) == 10


def test_several_workers_are_of_one_attempt() -> None:
    (start,) = read((0, 1, "New worker #1 (100) forked"), (0, 1, "New worker #2 (101) forked"))
    assert start.new_pids == [100, 101]


def test_a_second_reload_soon_after_is_another_attempt() -> None:
    attempts = read(
        (0, 1, "Reloading HAProxy"),
        (0.1, 1, "New worker (100) forked"),
        (0.1, 1, "Loading success."),
        (0.3, 1, "Reloading HAProxy"),
        (0.4, 1, "New worker (101) forked"),
        (0.4, 1, "Loading success."),
    )
    assert [a.new_pids for a in attempts] == [[100], [101]]


def test_only_proxies_that_start_show_a_reload_up_to_2_3() -> None:
    start, reload = read(
        (0, 1, "Proxy web started."), (0, 1, "Proxy app started."), (10, 1, "Proxy web started.")
    )
    assert (start.reload, start.stated) == (False, False)
    assert (reload.reload, reload.stated) == (True, False)


def test_proxies_that_start_and_the_master_are_one() -> None:
    attempts = read(
        (0, 1, "New worker #1 (100) forked"),
        (10, 1, "Proxy web started."),
        (10, 1, "Reexecuting Master process"),
        (10, 1, "New worker #1 (101) forked"),
    )
    assert [(a.reload, a.stated) for a in attempts] == [(False, True), (True, True)]


def test_a_result_whose_beginning_is_not_in_the_log() -> None:
    (attempt,) = read((0, 1, "Loading failure!"))
    assert attempt.failed
    assert attempt.reload


def test_reasons_of_the_new_worker_and_sockets_that_were_not_fetched() -> None:
    (attempt,) = read(
        (0, 1, "Reloading HAProxy"),
        (0.1, 300, "Failed to get the number of sockets to be transferred !"),
        (0.1, 300, "[haproxy.main()] Some protocols failed to start their listeners! Exiting."),
        (0.2, 1, "Failed to load worker (300) exited with code 1 (Exit)"),
    )
    assert attempt.untransferred
    assert attempt.reasons == ["[haproxy.main()] Some protocols failed to start their listeners! Exiting."]


def test_reasons_of_nothing_are_left_alone() -> None:
    assert read((0, 1, "Fatal errors found in configuration.")) == []


def test_masters_do_not_mix() -> None:
    attempts = read(
        (0, 1, "Reloading HAProxy"),
        (0, 2, "Reloading HAProxy"),
        (0.1, 2, "Loading failure!"),
        (0.1, 1, "Loading success."),
    )
    assert [(a.master, a.failed) for a in attempts] == [(1, False), (2, True)]
