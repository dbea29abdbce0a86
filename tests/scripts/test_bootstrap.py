"""The set-up's decisions; that it sets up is tried on a new machine by `.ci/run`."""

import ast
import fcntl
import json
import subprocess
import sys
from pathlib import Path

import bootstrap
import pytest

SCRIPT = Path(bootstrap.__file__)


class Place:
    """A checkout of its own, in which nothing is installed in earnest."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.stamp = self.venv / "hitless-bootstrap.json"
        self.created = 0
        self.installed: list[list[str]] = []
        self.fail = False
        (root / "pyproject.toml").write_text("[project]\n")
        monkeypatch.setattr(bootstrap, "ROOT", root)
        monkeypatch.setattr(bootstrap, "VENV", self.venv)
        monkeypatch.setattr(bootstrap, "STAMP", self.stamp)
        monkeypatch.setattr(bootstrap, "PYTHON", str(self.venv / "bin" / "python"))
        monkeypatch.setattr(bootstrap, "run", self.run)
        monkeypatch.setattr("importlib.util.find_spec", lambda _: True)
        monkeypatch.setattr("subprocess.run", lambda *_, **__: subprocess.CompletedProcess([], 0))

    def run(self, *command: str) -> None:
        if "venv" in command:
            self.created += 1
            (self.venv / "bin").mkdir()
            (self.venv / "bin" / "python").touch()
            (self.venv / "pyvenv.cfg").touch()
        else:
            self.installed.append(command[-1].partition("[")[2].rstrip("]").split(","))
            if self.fail:
                raise bootstrap.SetUpError("the network is down")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_a_second_run_does_nothing(place: Place) -> None:
    bootstrap.set_up(["embedded"])
    bootstrap.set_up(["embedded"])
    assert (place.created, place.installed) == (1, [["embedded"]])


def test_a_new_extra_is_added_to_those_that_are_there(place: Place) -> None:
    bootstrap.set_up(["embedded"])
    bootstrap.set_up(["dev"])
    bootstrap.set_up(["embedded"])
    assert (place.created, place.installed) == (1, [["embedded"], ["dev", "embedded"]])


def test_a_changed_pyproject_installs_again(place: Place) -> None:
    bootstrap.set_up(["dev"])
    (place.root / "pyproject.toml").write_text("[project]\n# changed\n")
    bootstrap.set_up(["dev"])
    assert (place.created, len(place.installed)) == (1, 2)


def test_another_python_starts_over(place: Place) -> None:
    bootstrap.set_up(["dev"])
    place.stamp.write_text(json.dumps(json.loads(place.stamp.read_text()) | {"python": "3.10"}))
    bootstrap.set_up(["embedded"])
    assert (place.created, place.installed) == (2, [["dev"], ["embedded"]])


def test_a_failed_installation_starts_over(place: Place) -> None:
    bootstrap.set_up(["dev"])
    place.fail = True
    with pytest.raises(bootstrap.SetUpError, match="network"):
        bootstrap.set_up(["embedded"])
    place.fail = False
    bootstrap.set_up(["dev", "embedded"])
    assert place.created == 2
    assert place.installed[-1] == ["dev", "embedded"]


def test_a_removal_that_was_interrupted_is_gone_on_with(place: Place) -> None:
    (place.venv / "lib").mkdir(parents=True)
    bootstrap.set_up(["dev"])
    assert not (place.venv / "lib").exists()


def test_an_environment_of_somebody_else_is_left_alone(place: Place) -> None:
    place.venv.mkdir()
    (place.venv / "pyvenv.cfg").touch()
    with pytest.raises(bootstrap.SetUpError, match="not made by this script"):
        bootstrap.set_up(["dev"])
    assert (place.venv / "pyvenv.cfg").exists()


def test_a_link_is_not_followed(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "precious").touch()
    place.venv.symlink_to(other)
    with pytest.raises(bootstrap.SetUpError, match="not made by this script"):
        bootstrap.set_up(["dev"])
    assert (other / "precious").exists()


def test_the_lock_is_kept_by_programs_that_outlive_the_script(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as lock:
        bootstrap.take(lock)
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with path.open("w") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        child.kill()
        child.wait()


def test_an_old_python_can_read_the_script_as_far_as_its_word() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))


def test_an_error_is_a_word_and_a_status(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "bootstrap.py"
    script.write_text(SCRIPT.read_text())
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("bootstrap: ")
    assert "pyproject.toml" in done.stderr
    assert "Traceback" not in done.stderr
