import re
import sys
from pathlib import Path

import debian_haproxy
import pytest
from debian_haproxy import InstallError

CONFIGURED = [
    ("https://packages.example.net/nodejs/", "bookworm"),
    ("http://deb.example.org/debian/", "bookworm-updates"),
    ("http://deb.example.org/debian/", "bookworm"),
    ("http://deb.example.org/debian-security/", "bookworm-security"),
]


def test_a_suite_is_asked_of_the_mirror_that_apt_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian_haproxy, "configured_repositories", lambda _: CONFIGURED)
    lines = debian_haproxy.sources("trixie", None, Path("work")).splitlines()
    assert [line.split("] ")[1] for line in lines] == [
        "http://deb.example.org/debian/ trixie main",
        "http://deb.example.org/debian-security/ trixie-security main",
    ]
    assert all("signed-by=/usr/share/keyrings/debian-archive-keyring.gpg" in line for line in lines)


def test_a_mirror_that_is_named_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian_haproxy, "configured_repositories", lambda _: CONFIGURED)
    text = debian_haproxy.sources("trixie", "http://mirror.example.com/debian", Path("work"))
    assert [line.split("] ")[1] for line in text.splitlines()] == [
        "http://mirror.example.com/debian trixie main"
    ]


def test_without_a_mirror_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian_haproxy, "configured_repositories", lambda _: CONFIGURED[:1])
    with pytest.raises(InstallError, match="--mirror"):
        debian_haproxy.sources("trixie", None, Path("work"))


def test_apt_is_told_to_leave_the_system_alone(tmp_path: Path) -> None:
    text = debian_haproxy.write_apt_configuration(tmp_path, "deb http://x y main\n").read_text()
    directories = dict(re.findall(r'^Dir::(\S+) "(.*)";$', text, re.MULTILINE))
    assert set(directories) >= {"State", "State::Lists", "State::status", "Cache", "Cache::archives"}
    assert all(path.startswith(f"{tmp_path}/") or path == "/dev/null" for path in directories.values())
    cleared = re.findall(r"^#clear (\S+);$", text, re.MULTILINE)
    assert {"APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success"} <= set(cleared)
    assert "AllowUnauthenticated" not in text


def test_links_are_followed_within_the_unpacked_root(tmp_path: Path) -> None:
    loader = tmp_path / "lib" / "x86_64-linux-gnu" / "ld-2.31.so"
    loader.parent.mkdir(parents=True)
    loader.write_text("ELF")
    (tmp_path / "lib64").mkdir()
    (tmp_path / "lib64" / "ld-linux-x86-64.so.2").symlink_to("/lib/x86_64-linux-gnu/ld-2.31.so")
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr" / "libm.so.6").symlink_to("../lib/x86_64-linux-gnu/ld-2.31.so")
    (tmp_path / "loop.so").symlink_to("loop.so")
    (tmp_path / "up.so").symlink_to("../../../../../../../../etc/hostname")
    for name in ("ld-linux-x86-64.so.2", "libm.so.6"):
        found = debian_haproxy.find(tmp_path, name)
        assert found is not None
        assert found.samefile(loader)
    assert debian_haproxy.find(tmp_path, "loop.so") is None
    assert debian_haproxy.find(tmp_path, "up.so") is None
    assert debian_haproxy.find(tmp_path, "absent.so") is None


def test_a_program_that_fails_is_quoted() -> None:
    with pytest.raises(InstallError, match=r"python.* failed with status 4: no such suite"):
        debian_haproxy.run(
            sys.executable, "-c", "import sys; print('no such suite', file=sys.stderr); sys.exit(4)"
        )
    with pytest.raises(InstallError, match=r"did not end within 0\.2 s"):
        debian_haproxy.run(sys.executable, "-c", "import time; time.sleep(9)", timeout_s=0.2)
    with pytest.raises(InstallError, match="cannot be started: No such file"):
        debian_haproxy.run("/nonexistent/apt-get")


def test_temporary_files_go_to_the_work_directory(tmp_path: Path) -> None:
    told = debian_haproxy.run(sys.executable, "-c", "import os; print(os.environ['TMPDIR'])", work=tmp_path)
    assert told == f"{tmp_path}\n"
