import os

import pytest

from hitless.reload.requester import read_requester


def test_who_runs_this() -> None:
    found = read_requester()
    assert found.uid == os.getuid()
    assert found.pid == os.getpid()
    assert found.user
    assert found.command
    assert found.parent


def test_who_became_root_by_sudo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "alice\x1b[31m")
    found = read_requester()
    if os.getuid() == 0:
        assert found.login_user.startswith("alice")
    else:  # a variable that anybody can set says nothing about an ordinary user
        assert found.login_user != "alice"
