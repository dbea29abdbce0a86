from tests.reload.drain.made import facts, info, process, session


def test_connections_without_a_session_are_those_that_no_session_is_on() -> None:
    held = [session(1), session(2), session(3, descriptor=2)]  # 1 and 3 are streams of one HTTP/2 connection
    assert facts(held, says=info(CurrConns=5)).without_session == 3
    assert facts(held, says=info(CurrConns=1)).without_session == 0
    assert facts([session(1, descriptor=-1)], says=info(CurrConns=1)).without_session == 0


def test_without_an_answer_nothing_is_known_of_them() -> None:
    assert facts(None).without_session is None
    assert facts([session(1)], info=None).without_session is None
    assert facts([session(1)], info=None).connections is None


def test_jobs_besides_connections() -> None:
    assert facts(says=info(Jobs=3, Listeners=1, Unstoppable_Jobs=1, CurrConns=1)).other_jobs == 0
    assert facts(says=info(Jobs=5, Listeners=1, Unstoppable_Jobs=1, CurrConns=1)).other_jobs == 2
    assert facts(says=info(Jobs=3, Listeners=6, CurrConns=1)).other_jobs == 0
    assert facts(info=None).other_jobs == 0


def test_sessions_without_a_frontend_are_haproxys_own() -> None:
    seen = facts([session(1), session(2, frontend="", backend="")])
    assert [s.row.id for s in seen.of_clients] == ["0x1"]
    assert seen.of_clients[0].key == (10, "0x1")


def test_it_says_its_own_version() -> None:
    assert facts(says=info(version="2.6.12-1+deb12u4")).version == (2, 6, 12)
    assert facts(info=None, process=process(version="3.2.26")).version == (3, 2, 26)
    assert facts(info=None).version is None


def test_what_it_is() -> None:
    assert facts().stopping is True
    assert facts(info=None).stopping is None
    assert facts(process=process(generation=0)).current
    assert not facts().current
    assert facts().pid == 10
