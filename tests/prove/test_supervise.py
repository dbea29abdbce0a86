"""hitless's side: what the child says of a failure becomes the error of the command."""

import os
from pathlib import Path

import pytest

from hitless.errors import ExitCode, HitlessError, SandboxError
from hitless.prove import supervise
from hitless.prove.protocol import LiveTarget, Message, ProvePlan
from hitless.prove.supervise import prove_child, record


def run(plan: ProvePlan, directory: Path) -> list[Message]:
    """Run a plan without a sandbox; return what was shown before it failed."""
    shown: list[Message] = []
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        record(prove_child(plan), descriptor, shown.append)
    finally:
        os.close(descriptor)
    return shown


def test_the_childs_error_is_raised_with_its_exit_code(tmp_path: Path) -> None:
    live = LiveTarget(url="gopher://x/", reload_command=("/bin/true",))
    with pytest.raises(HitlessError, match="--url wants") as caught:
        run(ProvePlan(tier="live", live=live), tmp_path)
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_child_that_dies_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "CHILD_MODULE", "hitless.no_such_module")
    with pytest.raises(SandboxError, match="ended with status 1") as caught:
        run(ProvePlan(tier="loopback"), tmp_path)
    assert "no_such_module" in caught.value.message
    assert "defect" in caught.value.hint


def test_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hangs.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(supervise, "CHILD_MODULE", "hangs")
    monkeypatch.setattr(supervise, "SILENCE_LIMIT_S", 0.3)
    monkeypatch.setattr(supervise, "STOP_DEADLINE_S", 0.2)
    with pytest.raises(SandboxError, match="said nothing for"):
        run(ProvePlan(tier="loopback"), tmp_path)


def test_a_child_that_talks_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "talks.py").write_text(
        "import os, sys\nfd = int(sys.argv[sys.argv.index('--output-fd') + 1])\n"
        "while True: os.write(fd, b'x' * 65536)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(supervise, "CHILD_MODULE", "talks")
    monkeypatch.setattr(supervise, "LINE_LIMIT_BYTES", 1 << 20)
    with pytest.raises(SandboxError, match="beyond all bounds"):
        run(ProvePlan(tier="loopback"), tmp_path)


def test_a_child_that_speaks_nonsense_is_a_sandbox_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nonsense.py").write_text(
        "import os, sys\nos.write(int(sys.argv[sys.argv.index('--output-fd') + 1]), b'{}\\n')\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(supervise, "CHILD_MODULE", "nonsense")
    with pytest.raises(SandboxError):
        run(ProvePlan(tier="loopback"), tmp_path)
