import subprocess
import sys
from pathlib import Path

from hitless.control.messages import parse_messages
from hitless.reload.said import MessageTap, shown_messages

BEFORE = "[NOTICE]   (1) : from before\n"
SINCE = "[ALERT]    (1) : config : parsing [h.cfg:4] : unknown keyword 'x' in 'global' section\n"


def test_what_has_come_since_to_the_file_behind_standard_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(BEFORE)
    with log.open("ab") as stream:
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=stream)
    try:
        tap = MessageTap(process.pid)
        assert tap.read() == ()
        with log.open("a") as stream_again:
            stream_again.write(SINCE)
        (message,) = tap.read()
        assert message.where == "h.cfg:4"
    finally:
        process.communicate(b"\n")


def test_where_it_goes_elsewhere_nothing_is_read() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert MessageTap(process.pid).read() == ()
    finally:
        process.communicate(b"\n")


def test_of_a_process_that_is_gone_nothing_is_read() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert MessageTap(process.pid).read() == ()


def test_alerts_come_first_and_what_only_counts_them_is_left_out() -> None:
    text = (
        "[WARNING]  (1) : careful\n"
        + SINCE
        + "[ALERT]    (1) : config : Error(s) found in configuration file\n"
    )
    assert shown_messages(parse_messages(text)) == (
        "[ALERT] config : parsing [h.cfg:4] : unknown keyword 'x' in 'global' section",
        "[WARNING] careful",
    )
