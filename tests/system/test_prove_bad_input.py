"""Whatever is wrong with what was asked: one paragraph, the documented status, nothing left, and soon."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.system.proofs import KEEPALIVE, command

pytestmark = pytest.mark.system

SOON_S = 90


def ask(directory: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command("prove", *words), cwd=directory, capture_output=True, text=True, check=False, timeout=SOON_S
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "haproxy.cfg").write_text(KEEPALIVE)
    (tmp_path / "empty.cfg").touch()
    (tmp_path / "broken.cfg").write_text("frontend www\n    bogus\n")
    (tmp_path / "binary.cfg").write_bytes(bytes(range(256)) * 16)
    (tmp_path / "loop.cfg").symlink_to("loop.cfg")
    (tmp_path / "empty.d").mkdir()
    os.mkfifo(tmp_path / "pipe.cfg")
    with (tmp_path / "big.cfg").open("wb") as file:
        file.truncate(100_000_000)
    return tmp_path


USAGE, UNKNOWN = 2, 3


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("missing.cfg",), USAGE, "Cannot read the configuration missing.cfg: No such file"),
        (("empty.cfg",), USAGE, "There is nothing to prove"),
        (("binary.cfg",), USAGE, "HAProxy refuses this configuration"),
        (("loop.cfg",), USAGE, "Too many levels of symbolic links"),
        (("pipe.cfg",), USAGE, "pipe.cfg is a pipe, not a file"),
        (("empty.d",), USAGE, "The directory empty.d holds no configuration"),
        (("big.cfg",), USAGE, "more than 67108864 bytes"),
        (("haproxy.cfg", "--haproxy", "/nonexistent"), UNKNOWN, "/nonexistent could not be started"),
        (("haproxy.cfg", "--haproxy", "/bin/true"), UNKNOWN, "/bin/true is no HAProxy"),
        (("haproxy.cfg", "--change", "missing.cfg"), USAGE, "missing.cfg: No such file"),
        (("broken.cfg",), USAGE, "parsing [broken.cfg:2]"),
        (("haproxy.cfg", "--output", "empty.d"), USAGE, "'empty.d' is there already"),
        (("haproxy.cfg", "--output", "/"), USAGE, "'/' is there already"),
        (("haproxy.cfg", "--output", "no/such"), USAGE, "no/such.partial"),
        (("haproxy.cfg", "--extraopts", "-D"), USAGE, "HAProxy cannot be given -D"),
        (("haproxy.cfg", "--sysctl", "net.no.such=1"), USAGE, "net.no.such=1 could not be set"),
        (("haproxy.cfg", "--request", "other=/"), USAGE, "there is no frontend 'other'"),
        (
            ("--url", "http://127.0.0.1:1/", "--reload-command", "true"),
            UNKNOWN,
            "Nobody listens at 127.0.0.1:1",
        ),
        (("--url", "http://192.0.2.77/", "--reload-command", "true"), USAGE, "not an address of this host"),
        (("--url", "http://[::1/", "--reload-command", "true"), USAGE, "is no URL"),
        (("--url", "http://127.0.0.1/", "--reload-command", ""), USAGE, "--reload-command is empty"),
    ],
)
def test_bad_input_is_explained(directory: Path, words: tuple[str, ...], status: int, said: str) -> None:
    before = sorted(directory.iterdir())
    done = ask(directory, *words)
    assert said in done.stderr
    assert done.returncode == status
    assert done.stderr.startswith("hitless: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert sorted(directory.iterdir()) == before
