import os
from pathlib import Path

import pytest

from hitless.explain.inputs.chosen import Chosen
from hitless.explain.inputs.logs import count_lines, open_chosen
from tests.explain.stories import LOGS, READ

JOURNAL = """\
#!/bin/sh
cat {export}
"""
EXPORT = (
    '{"__REALTIME_TIMESTAMP":"1795921075000000","SYSLOG_IDENTIFIER":"haproxy","SYSLOG_PID":"7","_HOSTNAME":"lb1",'
    '"MESSAGE":"Proxy web stopped (cumulated conns: FE: 1, BE: 0)."}\n'
)


def test_logs_and_journals_are_one_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "export").write_text(EXPORT)
    program = tmp_path / "journalctl"
    program.write_text(JOURNAL.format(export=tmp_path / "export"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    chosen = Chosen(logs=(str(LOGS / "3.2.log"),), units=("haproxy",), read=READ)
    with open_chosen(chosen) as logs:
        assert [file.name for file in logs.files] == [str(LOGS / "3.2.log"), "the journal"]
        census = count_lines(logs, chosen, lambda _: None)
    assert "haproxy" in {m.program for m in census.messages if m.place.source == 1}


def test_without_logs_the_census_is_empty() -> None:
    chosen = Chosen(read=READ)
    with open_chosen(chosen) as logs:
        assert not count_lines(logs, chosen, lambda _: None).lines
