"""The table of keywords against each HAProxy that is here."""

from pathlib import Path

import pytest

from hitless.config.support import SUPPORT, supports
from hitless.control import find_haproxy, read_binary
from hitless.control.capabilities import read_keywords
from hitless.control.command import run_bounded
from hitless.control.errors import CouldNotAsk

pytestmark = pytest.mark.system

_PROXY = "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"
_VALUES = {
    "global hard-stop-after": "1s",
    "global close-spread-time": "1s",
    "global grace": "1s",
    "global mworker-max-reloads": "5",
    "global nbproc": "1",
    "global fd-hard-limit": "1000",
    "global cluster-secret": "x",
    "global default-path": "config",
    "global strict-limits": "",
    "global tune.listener.default-shards": "by-process",
    "bind shards": "2",
    "bind thread": "1",
    "bind process": "1",
    "listen bind-process": "1",
    "listen grace": "1s",
    "server init-state": "up",
    "option idle-close-on-response": "",
    "section program": "x\n command /bin/true",
    "section ring": "x",
    "section crt-store": "x",
    "section log-profile": "x",
    "section traces": "",
    "section http-errors": "x",
}


def _binaries() -> list[str]:
    found = sorted(str(p) for p in (Path.home() / ".cache/hitless/haproxy").glob("*/haproxy"))
    try:
        return [*found, find_haproxy().path]
    except CouldNotAsk:
        return found


def _configuration(keyword: str) -> str:
    section, word = keyword.split(" ", 1)
    line = f"{word} {_VALUES[keyword]}".strip()
    listen = "listen l\n bind 127.0.0.1:1{bind}\n{line} server s 127.0.0.1:2{server}\n"
    parts = {"bind": "", "line": "", "server": ""}
    if section in {"bind", "server"}:
        parts[section] = f" {line}"
    elif section in {"option", "listen"}:
        parts["line"] = f" {line if section == 'listen' else keyword}\n"
    head = f"global\n expose-deprecated-directives\n {line}\n" if section == "global" else ""
    tail = f"{line}\n" if section == "section" else ""
    return f"{head}{_PROXY}{listen.format(**parts)}{tail}"


@pytest.mark.parametrize("path", _binaries())
def test_the_table_says_what_haproxy_does(path: str, tmp_path: Path) -> None:
    binary = read_binary(path)
    wrong = []
    for keyword in _VALUES:
        expected = supports(keyword, binary.version)
        if expected is None:
            continue
        text = _configuration(keyword).replace(" expose-deprecated-directives\n", "")
        if keyword == "section program" and binary.version >= (3, 1, 0):
            text = f"global\n expose-deprecated-directives\n{text}"
        (tmp_path / "a.cfg").write_text(text)
        done = run_bounded([path, "-W", "-c", "-f", str(tmp_path / "a.cfg")], timeout_s=60)
        if (done.returncode == 0) is not expected:
            wrong.append((keyword, expected, done.stderr))
    assert not wrong


@pytest.mark.parametrize("path", _binaries())
def test_what_the_binary_lists_is_in_no_contradiction_to_the_table(path: str) -> None:
    binary = read_binary(path)
    keywords = read_keywords(path)
    assert (keywords is None) == (binary.version < (2, 6, 0))
    listed = [k for k in SUPPORT if k in (keywords or ())]
    assert [k for k in listed if supports(k, binary.version) is False and SUPPORT[k].removed is None] == []
    assert len(listed) > 5 or keywords is None
