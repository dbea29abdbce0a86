import pytest

from hitless.audit.baseline import IDLE_CLOSE_CHOICES, baseline_files
from hitless.config import build_model, parse

CONFIGURATION = "/etc/haproxy/haproxy.cfg"


@pytest.mark.parametrize("idle_close", IDLE_CLOSE_CHOICES)
@pytest.mark.parametrize("version", [(2, 2, 9), (2, 6, 12), (3, 2, 0)])
def test_the_configuration_is_understood_whole(version: tuple[int, int, int], idle_close: str) -> None:
    text = baseline_files(version, idle_close=idle_close)[CONFIGURATION]
    tree = parse(text.encode(), filename=CONFIGURATION)
    assert not tree.problems
    assert not build_model([tree], environment={}, version=version).diagnostics


def test_old_versions_get_no_keyword_that_they_do_not_know() -> None:
    text = baseline_files((2, 2, 9))[CONFIGURATION]
    assert "idle-close-on-response" not in text
    assert "close-spread-time" not in text


def test_the_choice_is_one_or_the_other() -> None:
    response = baseline_files((2, 8, 0), idle_close="response")[CONFIGURATION]
    spread = baseline_files((2, 8, 0), idle_close="spread")[CONFIGURATION]
    assert ("option idle-close-on-response" in response, "close-spread-time" in response) == (True, False)
    assert "\n    close-spread-time 20s\n" in spread
    assert "\n    option idle-close-on-response\n" not in spread


def test_without_systemd_there_is_no_drop_in() -> None:
    assert not [path for path in baseline_files((2, 8, 0), systemd=False) if "systemd" in path]


def test_the_drop_in_starts_the_lists_anew() -> None:
    text = baseline_files((2, 8, 0), program="/opt/haproxy")[
        "/etc/systemd/system/haproxy.service.d/90-hitless.conf"
    ]
    assert (
        "ExecReload=\nExecReload=/opt/haproxy -Ws -f $CONFIG -c $EXTRAOPTS\nExecReload=/bin/kill -USR2 $MAINPID"
        in text
    )
