"""A snapshot on which edits are made in memory, and the files that they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hitless.audit.fix.drop_ins import (
    drop_in_path,
    merge_drop_in,
    merge_sysctl,
    merge_tmpfiles,
    sysctl_path,
    tmpfiles_path,
)
from hitless.audit.fix.edit_files import apply_edits, conflicts
from hitless.config.tree import parse
from hitless.facts import FileText, Sysctl
from hitless.findings import ConfigEdit, SysctlEdit, TmpfilesEdit, UnitEdit
from hitless.fixes import FileChange, Next
from hitless.host.unit_files import read_unit_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hitless.facts import Host, Instance, Snapshot, Unit
    from hitless.findings import Edit, Finding

__all__ = ["Draft"]


class Draft:
    """The facts as they would be after the edits taken so far."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._original = {
            f.path: f.text for i in snapshot.instances for f in i.configuration if not f.problem
        }
        self._current = dict(self._original)
        self._files: dict[str, FileChange] = {}
        self._commands: dict[str, str] = {}
        self._settings: set[str] = set()
        """NAME=VALUE of the kernel settings that a file of ours has by now."""

    def line_and_rank(self, path: str, number: int) -> tuple[str, int]:
        """Return a line and how many before it read the same: what names it after others have moved it."""
        lines = self._current.get(path, "").split("\n")
        if not 1 <= number <= len(lines):
            return "", 0
        line = lines[number - 1]
        return line, lines[: number - 1].count(line)

    def can_make(self, edits: Sequence[Edit]) -> bool:
        """Return whether what these edits change is here: kernel settings and units are a host's, not a file's."""
        units = {i.unit.name for i in self.snapshot.instances if i.unit}
        return all(
            edit.unit in units
            if isinstance(edit, UnitEdit)
            else isinstance(edit, ConfigEdit) or self.snapshot.host is not None
            for edit in edits
        )

    def accepts(self, edits: Sequence[Edit], taken: Sequence[ConfigEdit]) -> bool:
        """Return whether none of these edits stands in the way of one taken in this round, all or nothing."""
        return all(
            not isinstance(edit, ConfigEdit) or (edit.file in self._current and not conflicts(edit, taken))
            for edit in edits
        )

    def take(self, finding: Finding, edits: Iterable[Edit]) -> None:
        """Make the edits of files other than the configuration, whose edits wait for the end of the round."""
        for edit in edits:
            if isinstance(edit, UnitEdit):
                self._edit_unit(edit)
            elif isinstance(edit, SysctlEdit):
                self._edit_sysctl(edit)
            elif isinstance(edit, TmpfilesEdit):
                self._edit_tmpfiles(edit)
        for command in finding.fix.commands if finding.fix else ():
            self._commands.setdefault(command, finding.name)

    def finish_round(self, edits: Sequence[ConfigEdit]) -> None:
        """Make the edits of configuration files, all by the line numbers that the round began with."""
        for path in {edit.file for edit in edits}:
            tree = parse(self._current[path].encode("utf-8", "surrogateescape"), filename=path)
            self._current[path] = apply_edits(tree, edits).to_bytes().decode("utf-8", "surrogateescape")
        if edits:
            self.snapshot = msgspec.structs.replace(
                self.snapshot, instances=tuple(self._with_texts(i) for i in self.snapshot.instances)
            )

    def changes(self) -> tuple[FileChange, ...]:
        """Return the files that differ now, configuration first."""
        configuration = [
            FileChange(path=path, kind="configuration", before=before, after=self._current[path])
            for path, before in self._original.items()
            if before != self._current[path]
        ]
        return (*configuration, *(c for c in self._files.values() if c.before != c.after))

    def next_steps(self) -> tuple[Next, ...]:
        """Return what a person runs so that the changed files count."""
        changes = self.changes()
        kinds = {change.kind for change in changes}
        units = sorted({change.unit for change in changes if change.unit}) or self._unit_names()
        steps = []
        if "sysctl" in kinds:
            steps.append(Next(command=f"sysctl -p {sysctl_path()}", why="sets the kernel settings now"))
        if "tmpfiles" in kinds:
            steps.append(
                Next(command=f"systemd-tmpfiles --create {tmpfiles_path()}", why="makes the directories now")
            )
        if "unit" in kinds:
            steps.append(Next(command="systemctl daemon-reload", why="systemd reads the drop-in"))
        if "configuration" in kinds and units:
            steps += [
                Next(command=f"systemctl reload {name}", why="HAProxy reads its configuration")
                for name in units
            ]
        made = {step.command for step in steps} | {f"sysctl -w {setting}" for setting in self._settings}
        return (
            *steps,
            *(
                Next(command=command, why=why)
                for command, why in self._commands.items()
                if command not in made
            ),
        )

    def _unit_names(self) -> list[str]:
        return sorted({i.unit.name for i in self.snapshot.instances if i.unit})

    def _with_texts(self, instance: Instance) -> Instance:
        return msgspec.structs.replace(
            instance,
            configuration=tuple(
                msgspec.structs.replace(file, text=self._current.get(file.path, file.text))
                for file in instance.configuration
            ),
        )

    def _change(self, path: str, kind: str, before: str | None, after: str, unit: str = "") -> None:
        first = self._files[path].before if path in self._files else before
        self._files[path] = FileChange(path=path, kind=kind, before=first, after=after, unit=unit)

    def _edit_unit(self, edit: UnitEdit) -> None:
        path = drop_in_path(edit.unit)

        def with_drop_in(instance: Instance) -> Instance:
            unit = instance.unit
            if unit is None or unit.name != edit.unit:
                return instance
            old = next((file.text for file in unit.files if file.path == path), None)
            text = merge_drop_in(old, edit.section, edit.lines)
            self._change(path, "unit", old, text, unit.name)
            return msgspec.structs.replace(instance, unit=_reread(unit, FileText(path=path, text=text)))

        self.snapshot = msgspec.structs.replace(
            self.snapshot, instances=tuple(with_drop_in(i) for i in self.snapshot.instances)
        )

    def _edit_sysctl(self, edit: SysctlEdit) -> None:
        host = self.snapshot.host
        if host is None:
            return
        path = sysctl_path()
        old = _text_of(host.sysctl_files, path)
        text = merge_sysctl(old, edit.name, edit.value)
        self._change(path, "sysctl", old, text)
        self._settings.add(f"{edit.name}={edit.value}")
        others = tuple(s for s in host.sysctls or () if s.name != edit.name)
        self._replace_host(
            sysctls=(*others, Sysctl(name=edit.name, value=edit.value, source=path)),
            sysctl_files=_with_text(host.sysctl_files, path, text),
        )

    def _edit_tmpfiles(self, edit: TmpfilesEdit) -> None:
        host = self.snapshot.host
        if host is None:
            return
        path = tmpfiles_path()
        old = _text_of(host.tmpfiles, path)
        text = merge_tmpfiles(old, edit.line)
        self._change(path, "tmpfiles", old, text)
        self._replace_host(tmpfiles=_with_text(host.tmpfiles, path, text))

    def _replace_host(self, **fields: object) -> None:
        host: Host | None = self.snapshot.host
        assert host is not None, "asked only where there is a host"
        self.snapshot = msgspec.structs.replace(self.snapshot, host=msgspec.structs.replace(host, **fields))


def _reread(unit: Unit, drop_in: FileText) -> Unit:
    """Return the unit as its files describe it with this drop-in; what only systemd can say stays."""
    files = (*(file for file in unit.files if file.path != drop_in.path), drop_in)
    described = read_unit_files(unit.name, files, dict(unit.environment))
    kept = ("source", "load_state", "active_state", "sub_state", "result", "reload_result", "status_text")
    stays = {
        name: getattr(unit, name)
        for name in (*kept, "need_daemon_reload", "main_pid", "restarts", "environment")
    }
    return msgspec.structs.replace(described, **stays)


def _text_of(files: Sequence[FileText] | None, path: str) -> str | None:
    return next((file.text for file in files or () if file.path == path), None)


def _with_text(files: Sequence[FileText] | None, path: str, text: str) -> tuple[FileText, ...]:
    return (*(file for file in files or () if file.path != path), FileText(path=path, text=text))
