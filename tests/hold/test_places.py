import os

import pytest

from hitless.hold.places import DIRECTORY, ask_path, control_path, default_directory


def test_paths() -> None:
    assert ask_path(DIRECTORY, "web") == "/run/hitless/hold/web.sock"
    assert control_path("/x") == "/x/control.sock"


def test_roots_place_and_that_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_directory() == DIRECTORY
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/x")
    assert default_directory() == "/run/user/x/hitless/hold"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert default_directory() == "/run/user/1000/hitless/hold"
