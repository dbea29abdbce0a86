"""HAProxy's word on a configuration: accepted, or refused with what to write instead."""

from pathlib import Path

import pytest

from hitless.config import build_model, read_files
from hitless.control.binary import HaproxyBinary
from hitless.errors import ConfigError
from hitless.prove.acceptance import Acceptance
from hitless.reload.launch import Launch
from hitless.reload.mechanism import Mode
from hitless.sandbox.entry import TierKind
from tests.reload.programs import write_program

CIRCULATING = "global\n    expose-fd listeners\nfrontend f\n    bind :80\n"
REFUSES = """\
#!/bin/sh
echo "[ALERT]    ($$) : config : parsing [h.cfg:2] : unknown keyword 'expose-fd' in 'global' section" >&2
exit 1
"""


def acceptance(directory: Path, program: str, text: str, mode: Mode = Mode.MASTER_WORKER) -> Acceptance:
    file = directory / "h.cfg"
    file.write_text(text)
    files = read_files([str(file)])
    path = write_program(directory / "haproxy", program)
    return Acceptance(
        binary=HaproxyBinary(path, (2, 8, 25), "2.8.25", features=frozenset(), embedded=False),
        launch=Launch(path, (str(file),), working_directory=str(directory)),
        mode=mode,
        tier=TierKind.LOOPBACK,
        model=build_model(files, environment={}),
        files=files,
        runtime_directory=str(directory),
    )


def test_what_is_accepted_needs_nothing(tmp_path: Path) -> None:
    found = acceptance(tmp_path, "#!/bin/sh\nexit 0\n", "frontend f\n    mode http\n    bind :80\n")
    found.check()
    assert found.stand_ins == []


@pytest.mark.parametrize(("mode", "flag"), [(Mode.MASTER_WORKER, "-W"), (Mode.CLASSIC, "")])
def test_it_is_checked_as_it_will_run(tmp_path: Path, mode: Mode, flag: str) -> None:
    asked = tmp_path / "asked"
    found = acceptance(tmp_path, f'#!/bin/sh\necho "$*" > {asked}\n', "frontend f\n    bind :80\n", mode)
    found.check()
    words = asked.read_text().split()
    assert "-c" in words
    assert ("-W" in words) == bool(flag)


def test_a_refusal_is_told_in_haproxys_words_with_the_right_form(tmp_path: Path) -> None:
    found = acceptance(tmp_path, REFUSES, CIRCULATING)
    with pytest.raises(ConfigError, match="HAProxy refuses this configuration") as caught:
        found.check()
    assert "parsing [h.cfg:2] : unknown keyword 'expose-fd'" in caught.value.message
    assert f"{tmp_path}/h.cfg:2: " in caught.value.hint
    assert "write instead: stats socket" in caught.value.hint


def test_a_refusal_without_an_alert_is_told_all_the_same(tmp_path: Path) -> None:
    found = acceptance(tmp_path, "#!/bin/sh\nexit 0\n", "frontend f\n    bind :80\n")
    error = found.refused([], "Segmentation fault\n\n")
    assert error.message.endswith("Segmentation fault")
    assert "haproxy -c" in error.hint


def test_nothing_is_provided_where_there_is_no_sandbox(tmp_path: Path) -> None:
    found = acceptance(tmp_path, REFUSES, CIRCULATING)
    assert not found.meet("[ALERT] (1) : config : unable to stat SSL certificate from file '/etc/x.pem'")
    assert [path.name for path in tmp_path.iterdir()] == ["h.cfg", "haproxy"]
