from hitless.reload.changes import summarise_change
from hitless.reload.keeping import digests_of
from hitless.reloads import ConfigurationChange

OLD = {"/etc/h.cfg": b"global\n maxconn 10\nfrontend www\n bind :80\nbackend app\n server a 127.0.0.1:1\n"}


def change(before: dict[str, bytes] | None, after: dict[str, bytes]) -> ConfigurationChange:
    return summarise_change(
        before, after, digests_before=digests_of(before or {}), digests_after=digests_of(after)
    )


def test_nothing() -> None:
    found = change(OLD, OLD)
    assert (found.lines_added, found.lines_removed, found.sections) == (0, 0, ())
    assert found.before == found.after != ()


def test_lines_and_sections() -> None:
    new = {"/etc/h.cfg": b"global\n maxconn 20\nfrontend www\n bind :80\nfrontend api\n bind :81\n"}
    found = change(OLD, new)
    assert (found.lines_added, found.lines_removed) == (3, 3)
    assert found.sections == ("global (changed)", "backend app (removed)", "frontend api (added)")


def test_no_text_of_the_configuration_gets_into_it() -> None:
    secret = {"/etc/h.cfg": b"userlist u\n user x insecure-password hunter2\n"}
    assert "hunter2" not in str(change(OLD, secret))


def test_what_ran_before_may_be_unknown() -> None:
    found = change(None, OLD)
    assert found.before == ()
    assert found.after


def test_many_sections_are_bounded() -> None:
    new = {"/etc/h.cfg": b"".join(b"backend b%d\n" % n for n in range(500))}
    assert len(change(OLD, new).sections) == 201
