from pathlib import Path

from hitless.facts import Binary, Instance, Launch, RunMode
from hitless.gather.check import check_instance

SCRIPT = """#!/bin/sh
echo "[NOTICE]   (1) : no" >&2
echo "[WARNING]  (1) : config : $* in $PWD, $PORT" >&2
exit 1
"""


def instance(path: Path, *words: str) -> Instance:
    path.write_text(SCRIPT)
    path.chmod(0o700)
    binary = Binary(path=str(path), version=(2, 8, 0), version_text="2.8.0")
    launch = Launch(arguments=("haproxy", *words), source="test", environment=(("PORT", "80"),))
    return Instance(name="x", binary=binary, launch=launch, mode=RunMode.MASTER_WORKER)


def test_the_check_has_the_flags_and_the_environment_of_the_service(tmp_path: Path) -> None:
    found = instance(tmp_path / "haproxy", "-Ws", "-f", "a", "-L", "me", "-sf", "1")
    outcome, unknown = check_instance(found, files=("a",), directory=str(tmp_path))
    assert not unknown
    assert outcome is not None
    assert not outcome.accepted
    assert outcome.messages == (f"[WARNING] config : -Ws -L me -c -f a in {tmp_path}, 80",)
    outcome, _ = check_instance(found, files=("a",), environment={"PORT": "81"}, directory=str(tmp_path))
    assert outcome is not None
    assert outcome.messages[0].endswith(", 81")


def test_what_cannot_be_asked_is_unknown(tmp_path: Path) -> None:
    outcome, unknown = check_instance(Instance(name="x"), files=("a",))
    assert outcome is None
    assert unknown[0].why == "there is no HAProxy to ask"
    found = instance(tmp_path / "haproxy")
    (tmp_path / "haproxy").unlink()
    outcome, unknown = check_instance(found, files=("a",))
    assert outcome is None
    assert unknown


def test_a_line_that_haproxy_shows_is_shown_without_its_secret(tmp_path: Path) -> None:
    found = instance(tmp_path / "haproxy")
    said = "[ALERT]    (1) : config : parsing [a:9]: unmatched quote at position 22:"
    line = '  stats auth admin:\\"hunter2'
    (tmp_path / "haproxy").write_text(f'#!/bin/sh\necho "{said}" >&2\necho "{line}" >&2\nexit 1\n')
    outcome, _ = check_instance(found, files=("a",))
    assert outcome is not None
    assert "stats auth admin:***" in outcome.messages[0]
    assert "hunter2" not in outcome.messages[0]
