"""What the user asked for, read from the command's words into values. Pure but for the files it is told to read."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hitless.errors import UsageError
from hitless.prove.protocol import FrontendRequest
from hitless.records import ClientClass, Request, Workload

__all__ = ["ProveOptions", "read_options"]

ENVIRONMENT_FILE_LIMIT_BYTES = 256 * 1024

_FRONTEND_PREFIX = re.compile(r"([A-Za-z0-9_.:-]+)=(?=[A-Za-z/])(.*)", re.DOTALL)
_REQUEST = re.compile(r"(?:([A-Z]{3,10}) )?((?:/|\*$|https?://)\S*)")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_SYSCTL = re.compile(r"net(?:[./][A-Za-z0-9_-]+)+")
_OWN_HEADERS = frozenset({"connection", "content-length", "transfer-encoding", "upgrade", "expect"})
"""Each workload sets these as it needs them."""
_OWN_ARGUMENTS = frozenset({"-c", "-cc", "-v", "-vv", "-h", "-D", "-sf", "-st"})
"""HAProxy's own arguments that say what a reload is made of, or that it is not to stay and serve."""
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")

Split = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ProveOptions:
    """A proof as it was asked for. Times in seconds."""

    files: tuple[str, ...]
    change_files: tuple[str, ...]
    haproxy: str | None
    mode: str
    via: str
    reloads: int
    control_s: float
    spacing_s: float
    settle_s: float
    requests: tuple[FrontendRequest, ...]
    connections: int
    rate_per_s: float
    full_rate: bool
    workloads: tuple[Workload, ...]
    client_class: ClientClass
    extra_arguments: tuple[str, ...]
    environment: dict[str, str]
    sysctls: dict[str, str]
    url: str | None
    reload_command: tuple[str, ...]
    remote: bool
    output: str | None


def read_options(configuration: Sequence[str], words: Mapping[str, Any], *, split: Split) -> ProveOptions:
    """Return the options; `split` divides a command line into words without a shell.

    Raises: UsageError for what cannot be, each with what to write instead.
    """
    files = (*words["files"], *configuration)
    _check_names((*files, *words["change"]))
    live = words["url"] is not None
    if live and files:
        raise UsageError("Either a configuration or --url can be proven, not both at once.")
    if live != (words["reload_command"] is not None):
        raise UsageError("--url and --reload-command go together: what to load, and what reloads it.")
    if not live and not files:
        raise UsageError(
            "Which configuration? Name a file.", hint="For example: hitless prove /etc/haproxy/haproxy.cfg"
        )
    reload_command = split(words["reload_command"] or "")
    if live and not reload_command:
        raise UsageError(
            "--reload-command is empty.", hint="For example: --reload-command 'systemctl reload haproxy'"
        )
    if live and words["sysctls"]:
        raise UsageError(
            "--sysctl is for the sandbox's namespace: hitless does not change this host's for a --url."
        )
    environment = _environment(words["env_files"], words["variables"], split)
    extra = split(words["extraopts"]) or split(environment.get("EXTRAOPTS", ""))
    if clash := next((word for word in extra if word in _OWN_ARGUMENTS), ""):
        raise UsageError(
            f"HAProxy cannot be given {clash} here: how it is started and reloaded is hitless's to choose.",
            hint=f"Leave {clash} out of --extraopts (or EXTRAOPTS); --mode and --via choose the rest.",
        )
    return ProveOptions(
        files=tuple(files),
        change_files=tuple(words["change"]),
        haproxy=words["haproxy"],
        mode=words["mode"] or "",
        via="command" if live else words["via"],
        reloads=words["reloads"],
        control_s=words["control_s"],
        spacing_s=words["spacing_s"],
        settle_s=words["settle_s"],
        requests=_requests(words["requests"], words["headers"]),
        connections=words["connections"],
        rate_per_s=words["rate_per_s"],
        full_rate=words["full_rate"],
        workloads=tuple(Workload(name) for name in words["workloads"]) or tuple(Workload),
        client_class=ClientClass(words["client_class"]),
        extra_arguments=extra,
        environment=environment,
        sysctls=dict(_sysctl(text) for text in words["sysctls"]),
        url=words["url"],
        reload_command=reload_command,
        remote=words["remote"],
        output=words["output"],
    )


def _assignment(text: str, option: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise UsageError(f"{option} wants NAME=VALUE, not {text!r}.")
    return name.strip(), value


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        if not _is_text(name):
            raise UsageError(f"The file name {name!r} is not UTF-8.", hint="Give the file another name.")


def _is_text(value: str) -> bool:
    """Whether this can be written as UTF-8: what the system gave as other bytes comes as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _sysctl(text: str) -> tuple[str, str]:
    name, value = _assignment(text, "--sysctl")
    if not _SYSCTL.fullmatch(name):
        raise UsageError(
            f"--sysctl sets what belongs to a network namespace (net.…), not {name!r}.",
            hint="For example: --sysctl net.ipv4.tcp_migrate_req=1",
        )
    return name, value


def _environment(files: Iterable[str], variables: Iterable[str], split: Split) -> dict[str, str]:
    """Return hitless's own environment under what the service would add to it.

    Its own variables that are not UTF-8 are left out; of the others that is refused.
    """
    environment = {name: value for name, value in os.environ.items() if _is_text(name + value)}
    asked: dict[str, str] = {}
    for name in files:
        asked.update(_read_environment_file(Path(name), split))
    asked.update(_assignment(text, "--env") for text in variables)
    for name, value in asked.items():
        if not _is_text(name + value):
            raise UsageError(f"The environment variable {name!r} is not UTF-8: {value!r}.")
    return environment | asked


def _read_environment_file(path: Path, split: Split) -> dict[str, str]:
    """Return the assignments of a file such as /etc/default/haproxy (systemd.exec(5) EnvironmentFile=)."""
    try:
        with path.open("rb") as file:
            text = file.read(ENVIRONMENT_FILE_LIMIT_BYTES).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    lines = (line for line in text.splitlines() if not line.lstrip().startswith(("#", ";")))
    matches = (_ASSIGNMENT.fullmatch(line) for line in lines)
    return {match[1]: " ".join(split(match[2])) for match in matches if match}


def _requests(requests: Iterable[str], headers: Iterable[str]) -> tuple[FrontendRequest, ...]:
    """Return one request per frontend named; headers without a frontend go with every request."""
    lines: dict[str, tuple[str, str]] = {}
    for text in requests:
        frontend, rest = _frontend(text)
        match = _REQUEST.fullmatch(rest)
        if match is None:
            raise UsageError(
                f"--request wants [FRONTEND=][METHOD ]PATH, not {text!r}.",
                hint="For example: --request 'www=HEAD /health'",
            )
        lines[frontend] = (match[1] or "GET", match[2])
    by_frontend: dict[str, list[tuple[str, str]]] = {}
    for text in headers:
        frontend, rest = ("", text) if _HEADER.fullmatch(text) else _frontend(text)
        match = _HEADER.fullmatch(rest)
        if match is None:
            raise UsageError(
                f"--header wants [FRONTEND=]NAME: VALUE, not {text!r}.",
                hint="For example: --header 'www=Host: www.example.com'",
            )
        if match[1].lower() in _OWN_HEADERS:
            raise UsageError(f"--header cannot set {match[1]}: each workload sets it as it needs it.")
        by_frontend.setdefault(frontend, []).append((match[1], match[2]))
    everywhere = by_frontend.get("", [])
    return tuple(
        _request(
            frontend,
            *lines.get(frontend, lines.get("", ("GET", "/"))),
            everywhere + by_frontend.get(frontend, []) if frontend else everywhere,
        )
        for frontend in dict.fromkeys([*lines, *by_frontend])
    )


def _frontend(text: str) -> tuple[str, str]:
    match = _FRONTEND_PREFIX.fullmatch(text)
    return (match[1], match[2]) if match else ("", text)


def _request(frontend: str, method: str, path: str, headers: list[tuple[str, str]]) -> FrontendRequest:
    host = next((value for name, value in headers if name.lower() == "host"), "")
    others = tuple((name, value) for name, value in headers if name.lower() != "host")
    return FrontendRequest(
        frontend=frontend, request=Request(method=method, path=path, headers=others, host=host)
    )
