from pathlib import Path

import pytest

from hitless.host.root import HostRoot
from hitless.host.script_reader import ScriptReader
from hitless.host.script_trees import kind_of_script, read_tree


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("roles/lb/handlers/main.yml", "configuration-management"),
        *(("salt/lb.sls", "configuration-management"), ("lb.pp", "configuration-management")),
        *(("recipes/default.rb", "configuration-management"), ("Dockerfile.lb", "container")),
        *(("docker-compose.yml", "container"), ("compose.yaml", "container"), ("lb.dockerfile", "container")),
        *((".gitlab-ci.yml", "script"), (".github/workflows/a.yml", "script"), (".github/README.md", "")),
        *(("Makefile", "script"), ("a.sh", "script"), ("cron.d/lb", "cron"), ("lb.service", "systemd")),
        *(("README.md", ""), ("haproxy.cfg", ""), ("a.html", ""), ("test_lb.py", ""), ("reload", "")),
    ],
)
def test_kinds(path: str, kind: str) -> None:
    assert kind_of_script(path) == kind


def write(directory: Path, path: str, text: str) -> None:
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def test_a_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "#!/bin/sh\nsystemctl restart haproxy\n"
    for path in (
        "deploy",
        "a/b/c.sh",
        ".git/hooks/x.sh",
        "node_modules/y.sh",
        "README.md",
        "data",
        "quiet.sh",
        ".ci/run",
    ):
        write(tmp_path, f"repo/{path}", text)
    write(tmp_path, "repo/quiet.sh", "# haproxy\n")
    write(tmp_path, "repo/data", "haproxy")
    (tmp_path / "repo/loop").symlink_to(tmp_path / "repo")
    monkeypatch.chdir(tmp_path)
    reader = ScriptReader(HostRoot())
    read_tree(reader, "repo")
    assert list(reader.scripts) == ["repo/.ci/run", "repo/a/b/c.sh", "repo/deploy"]
    assert reader.scripts["repo/deploy"].path == "repo/deploy"
    assert reader.unknown == []


def test_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "notes", "pkill haproxy\n")
    monkeypatch.chdir(tmp_path)
    reader = ScriptReader(HostRoot())
    read_tree(reader, "./notes")
    assert [(s.path, s.kind) for s in reader.scripts.values()] == [("./notes", "script")]


def test_bounds_are_said(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path, f"{number}.sh", "haproxy\n")
    reader = ScriptReader(HostRoot(), files_left=2)
    read_tree(reader, str(tmp_path))
    assert len(reader.scripts) == 2
    assert [u.what for u in reader.unknown] == ["more scripts"]


def test_a_deep_tree_ends(tmp_path: Path) -> None:
    write(tmp_path, f"{'d/' * 40}a.sh", "haproxy\n")
    reader = ScriptReader(HostRoot())
    read_tree(reader, str(tmp_path))
    assert reader.scripts == {}
    assert "directories deep" in reader.unknown[0].why
