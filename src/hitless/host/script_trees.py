"""Trees of scripts that a person names: Ansible, Salt, Puppet, Chef, containers, continuous integration, shell."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePath

from hitless.host.errors import HostError
from hitless.host.root import kind_of
from hitless.host.script_reader import ScriptReader, names_haproxy

__all__ = ["kind_of_script", "read_tree"]

MAX_DEPTH = 32
_SKIPPED = frozenset(
    {
        *(".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", ".terraform", ".mypy_cache", ".ruff_cache"),
        *("node_modules", "__pycache__", "site-packages", ".idea", ".cache"),
    }
)
_CONTAINER_NAMES = (
    "dockerfile",
    "containerfile",
    "docker-compose",
    "compose.y",
    "entrypoint",
    "docker-entrypoint",
)
_CI_NAMES = frozenset({".gitlab-ci.yml", ".travis.yml", "bitbucket-pipelines.yml", "azure-pipelines.yml"})
_MANAGEMENT = frozenset(
    {".yml", ".yaml", ".sls", ".pp", ".rb", ".j2", ".erb", ".epp", ".tf", ".tmpl", ".nix"}
)
_SCRIPTS = frozenset({".sh", ".bash", ".zsh", ".ksh", ".py", ".pl", ".mk", ".fish"})
_NAMES = frozenset(
    {"makefile", "gnumakefile", "jenkinsfile", "vagrantfile", "rakefile", "justfile", "capfile", "crontab"}
)
_DIRECTORIES = {"cron.d": "cron", "logrotate.d": "logrotate", "init.d": "sysv-init"}


def read_tree(reader: ScriptReader, given: str) -> None:
    """Read what touches HAProxy in a directory and all below it, or in one file. Links to directories are not followed.

    `given` is a path of this machine, as the person wrote it; the scripts carry it.
    """
    top = os.path.abspath(given)  # noqa: PTH100 - resolve() would follow links, and then the path is another
    try:
        is_directory = _is_directory(reader, top, follow=True)
    except HostError as error:
        reader.miss(f"scripts in {given}", error.message)
        return
    if not is_directory:
        reader.take(top, kind_of_script(given) or "script")
        _rename(reader, top, given)
        return
    for path in _files(reader, top, 0):
        _take(reader, path, str(PurePath(given) / PurePath(path).relative_to(top)))


def kind_of_script(path: str) -> str:
    """Return the kind of script that a file is by its name, "" for what is none (or says so in its first line only)."""
    pure = PurePath(path)
    name, suffix = pure.name.lower(), pure.suffix.lower()
    if name.startswith(_CONTAINER_NAMES) or name.endswith((".dockerfile", ".containerfile")):
        return "container"
    if name.startswith("test_") or name == "conftest.py":
        return ""
    if pure.parent.name in _DIRECTORIES:
        return _DIRECTORIES[pure.parent.name]
    if suffix in {".service", ".timer", ".path"}:
        return "systemd"
    is_ci = name in _CI_NAMES or ".github" in pure.parts or ".circleci" in pure.parts
    if suffix in _MANAGEMENT and not (is_ci and suffix in {".yml", ".yaml"}):
        return "configuration-management"
    return "script" if suffix in _MANAGEMENT | _SCRIPTS or name in _NAMES else ""


def _take(reader: ScriptReader, path: str, shown: str) -> None:
    kind = kind_of_script(path)
    if kind:
        reader.take(path, kind)
    elif not PurePath(path).suffix:
        file = reader.read(path)
        if file is not None and file.text.startswith("#!") and names_haproxy(file.text):
            reader.keep(path, "script", file)
    _rename(reader, path, shown)


def _rename(reader: ScriptReader, path: str, shown: str) -> None:
    """Let a script carry the path that the person wrote."""
    script = reader.scripts.pop(path, None)
    if script is not None:
        reader.scripts[shown] = type(script)(
            path=shown,
            kind=script.kind,
            text=script.text,
            truncated=script.truncated,
            named_by=script.named_by,
        )


def _files(reader: ScriptReader, directory: str, depth: int) -> Iterator[str]:
    if depth >= MAX_DEPTH:
        reader.miss(f"scripts in {directory}", f"it is more than {MAX_DEPTH} directories deep")
        return
    try:
        names = reader.root.names(directory)
    except HostError as error:
        reader.miss(f"scripts in {directory}", error.message)
        return
    for name in names:
        path = str(Path(directory) / name)
        try:
            below = _is_directory(reader, path, follow=False)
        except HostError:  # gone meanwhile
            continue
        if below and name not in _SKIPPED and reader.files_left > 0:
            yield from _files(reader, path, depth + 1)
        elif not below:
            yield path


def _is_directory(reader: ScriptReader, path: str, *, follow: bool) -> bool:
    return kind_of(reader.root.stat(path, follow=follow)) == "directory"
