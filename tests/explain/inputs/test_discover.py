import os
from pathlib import Path

import pytest

from hitless.explain.inputs import discover
from hitless.explain.inputs.discover import find_logs, named_logs, rotated

RSYSLOG = """
# /var/log/haproxy-old.log
if $programname startswith 'haproxy' then action(type="omfile" file="/srv/haproxy/traffic.log")
:programname, startswith, "haproxy" -/var/log/haproxy.log
local0.* /var/log/other.log
"""


def test_files_that_syslog_writes_for_haproxy() -> None:
    assert named_logs([RSYSLOG]) == ("/srv/haproxy/traffic.log", "/var/log/haproxy.log")
    assert named_logs(['destination haproxy { file("/var/log/haproxy/x.log"); };']) == (
        "/var/log/haproxy/x.log",
    )
    assert named_logs(["*.* /var/log/syslog"]) == ()


def test_named_ones_come_before_usual_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, usual, general = (tmp_path / name for name in ("haproxy.log", "usual", "general"))
    monkeypatch.setattr(discover, "USUAL", (str(usual),))
    monkeypatch.setattr(discover, "_EVERYTHING", (str(general),))
    text = f'action(type="omfile" file="{named}")'
    assert find_logs([text]) == ((), "")
    for path in (general, usual, named):
        path.touch()
        assert find_logs([text])[0] == (str(path),)


def test_rotated_files_that_reach_into_the_window(tmp_path: Path) -> None:
    for name, age_s in (("h.log", 0), ("h.log.1", 100), ("h.log.2.gz", 1000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (10_000 - age_s, 10_000 - age_s))
    log = str(tmp_path / "h.log")
    assert rotated([log], since_ns=9_500 * 10**9) == (f"{log}.1", log)
    assert rotated([log], since_ns=None) == (f"{log}.2.gz", f"{log}.1", log)
    assert rotated(["/nowhere/h.log"], since_ns=0) == ("/nowhere/h.log",)
