"""From a configuration and a choice to the changes that bring the recommended logging. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.audit.fix.drop_ins import drop_in_path, merge_drop_in
from hitless.audit.fix.edit_files import apply_edits
from hitless.audit.logging_setup.config_edits import edit_configuration
from hitless.audit.logging_setup.formats import Form
from hitless.audit.logging_setup.notes import explain_choices
from hitless.audit.logging_setup.receivers import (
    LOGROTATE_PATH,
    RSYSLOG_PATH,
    Receiver,
    journald_lines,
    logrotate_text,
    rsyslog_text,
    socket_inside,
)
from hitless.audit.logging_setup.target_edits import socket_target
from hitless.fixes import FileChange, LoggingPlan, Next, Note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hitless.subject import Subject

__all__ = ["LoggingChoice", "plan_logging", "receiver_files", "receiver_paths"]

_UNIT = "haproxy.service"


@dataclass(frozen=True, slots=True)
class LoggingChoice:
    """What the user chose."""

    form: Form = Form.JSON
    receiver: Receiver = Receiver.RSYSLOG
    chroot: str | None = None
    """None: what the configuration says."""
    directory: str = "/"
    """Below which the receiver's files are."""


def receiver_paths(choice: LoggingChoice, unit: str = _UNIT) -> tuple[str, ...]:
    """Return where the receiver's files are, as seen from `choice.directory`."""
    return (RSYSLOG_PATH, LOGROTATE_PATH) if choice.receiver is Receiver.RSYSLOG else (drop_in_path(unit),)


def receiver_files(
    choice: LoggingChoice, chroot: str, target: str, existing: Mapping[str, str | None], unit: str = _UNIT
) -> dict[str, str]:
    """Return the receiver's files by path. `existing`: what is there now; `target`: the socket of the `log` line."""
    if choice.receiver is Receiver.JOURNALD:
        path = drop_in_path(unit)
        lines = journald_lines(chroot if target else "")
        return {path: merge_drop_in(existing.get(path), "Service", lines)}
    socket = socket_inside(chroot, target) if target else ""
    return {RSYSLOG_PATH: rsyslog_text(socket), LOGROTATE_PATH: logrotate_text()}


def plan_logging(subject: Subject, choice: LoggingChoice, existing: Mapping[str, str | None]) -> LoggingPlan:
    """Return the changes of configuration and receiver. The configuration's text must be the files' own."""
    unit = subject.unit.name if subject.unit else _UNIT
    target, chroot = socket_target(subject), _chroot(subject, choice)
    files = receiver_files(choice, chroot, target, existing, unit)
    below = choice.directory.rstrip("/")
    changes = [
        *_configuration(subject, choice.form),
        *(
            FileChange(path=below + path, kind=_kind(path), before=existing.get(path), after=text)
            for path, text in files.items()
            if existing.get(path) != text
        ),
    ]
    return LoggingPlan(
        changes=tuple(changes),
        notes=(*explain_choices(subject), *_about_receiver(subject, choice, chroot, target)),
        next=tuple(_next_steps({change.kind for change in changes}, unit)),
    )


def _chroot(subject: Subject, choice: LoggingChoice) -> str:
    if choice.chroot is not None:
        return choice.chroot
    line = subject.model.global_value("chroot")
    return line.words[1] if line is not None and len(line.words) > 1 else ""


def _configuration(subject: Subject, form: Form) -> Iterator[FileChange]:
    edits = edit_configuration(subject, form)
    texts = {file.path: file.text for file in subject.instance.configuration}
    for file in subject.files:
        after = apply_edits(file, edits).to_bytes().decode("utf-8", "surrogateescape")
        if after != texts[file.filename]:
            yield FileChange(
                path=file.filename, kind="configuration", before=texts[file.filename], after=after
            )


def _kind(path: str) -> str:
    return {RSYSLOG_PATH: "rsyslog", LOGROTATE_PATH: "logrotate"}.get(path, "unit")


def _about_receiver(subject: Subject, choice: LoggingChoice, chroot: str, target: str) -> Iterator[Note]:
    if not target:
        yield Note(text="HAProxy logs to a standard stream: what its service manager does with that is kept")
        return
    inside = socket_inside(chroot, target)
    bound = [p for p in (subject.unit.bind_paths if subject.unit else ()) if inside and f":{inside}" in p]
    if choice.receiver is Receiver.RSYSLOG and bound and subject.unit is not None:
        yield Note(
            where=subject.unit.place_of("BindReadOnlyPaths"),
            text=f"the unit puts journald's socket over {inside}: lines go through journald, which keeps a second "
            "copy, to the same file. Without this setting, from the next start of the service on, they go to "
            "rsyslog directly",
        )


def _next_steps(kinds: set[str], unit: str) -> Iterator[Next]:
    if "rsyslog" in kinds:
        yield Next(command="rsyslogd -N1", why="checks rsyslog's configuration")
        yield Next(command="systemctl restart rsyslog", why="opens the socket; before HAProxy uses it")
    if "unit" in kinds:
        yield Next(
            command="systemctl daemon-reload",
            why="systemd reads the drop-in; it holds from the next start on",
        )
    if "configuration" in kinds:
        yield Next(command=f"systemctl reload {unit}", why="HAProxy reads its configuration")
