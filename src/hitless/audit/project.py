"""The project file, `.hitless.toml`: what a team decides about rules, beside its configuration. Pure: text in.

[audit]
select = ["HL1", "HL501"]       ignore = ["unbounded-tunnel"]       threshold = "error"
[audit.severity]
HL501 = "note"                  # or "off"
[[audit.suppress]]
code = "HL203"                  reason = "…"                        path = "staging/*.cfg"
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from hitless.audit.policy import Accepted, Policy, matching
from hitless.errors import UsageError
from hitless.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["parse_project"]

_KEYS = frozenset({"select", "ignore", "threshold", "severity", "suppress"})
_ENTRY_KEYS = frozenset({"code", "reason", "path"})
_OFF = "off"


def parse_project(text: str, path: str, names: Mapping[str, str]) -> Policy:
    """Return the decisions of a project file; `names` are the rules' names by code.

    Raises: UsageError for what is no such file, with the key's name.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not TOML: {error}.") from error
    return _Reader(path, names).read(document)


class _Reader:
    def __init__(self, path: str, names: Mapping[str, str]) -> None:
        self._path = path
        self._names = names

    def read(self, document: dict[str, Any]) -> Policy:
        table = self._table(document.get("audit", {}), "audit")
        self._known(table, _KEYS, "audit")
        severities = {
            code: self._severity(value, f"audit.severity.{key}", off=True)
            for key, value in self._table(table.get("severity", {}), "audit.severity").items()
            for code in self._codes(key, f"audit.severity.{key}")
        }
        off = frozenset(code for code, severity in severities.items() if severity is None)
        select = table.get("select")
        threshold = table.get("threshold")
        return Policy(
            select=None if select is None else self._selection(select, "audit.select"),
            ignore=self._selection(table.get("ignore", []), "audit.ignore") | off,
            threshold=None if threshold is None else self._severity(threshold, "audit.threshold"),
            severity={code: severity for code, severity in severities.items() if severity is not None},
            suppress=self._entries(table.get("suppress", [])),
        )

    def _entries(self, value: Any) -> tuple[Accepted, ...]:
        if not isinstance(value, list):
            raise self._wrong("audit.suppress", "a list of tables: [[audit.suppress]]")
        return tuple(entry for number, item in enumerate(value, 1) for entry in self._entry(item, number))

    def _entry(self, value: Any, number: int) -> list[Accepted]:
        key = f"audit.suppress (number {number})"
        table = self._table(value, key)
        self._known(table, _ENTRY_KEYS, key)
        texts = {name: self._text(table, name, key) for name in _ENTRY_KEYS}
        for required in ("code", "reason"):
            if not texts[required].strip():
                raise UsageError(f"{self._path}: {key} has no `{required}`, which is required.")
        where = f"{self._path}, [[audit.suppress]] number {number}"
        return [
            Accepted(code=code, reason=texts["reason"].strip(), where=where, path=texts["path"])
            for code in sorted(self._codes(texts["code"], f"{key}, code"))
        ]

    def _text(self, table: dict[str, Any], name: str, key: str) -> str:
        value = table.get(name, "")
        if not isinstance(value, str):
            raise self._wrong(f"{key}, {name}", "a string")
        return value

    def _selection(self, value: Any, key: str) -> frozenset[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, 'a list of strings: ["HL5", "HL203"]')
        return frozenset(code for item in value for code in self._codes(item, key))

    def _codes(self, selector: str, key: str) -> frozenset[str]:
        try:
            return matching(selector, self._names)
        except UsageError as error:
            raise UsageError(f"{self._path}: {key}: {error.message}", hint=error.hint) from error

    def _severity(self, value: Any, key: str, *, off: bool = False) -> Severity | None:
        if off and value == _OFF:
            return None
        if value not in list(Severity):
            words = ", ".join(f'"{word}"' for word in (*Severity, *((_OFF,) if off else ())))
            raise self._wrong(key, f"one of {words}")
        return Severity(value)

    def _table(self, value: Any, key: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._wrong(key, "a table")
        return value

    def _known(self, table: dict[str, Any], keys: frozenset[str], where: str) -> None:
        for key in table:
            if key not in keys:
                known = ", ".join(sorted(keys))
                raise UsageError(f"{self._path}: {where} has no key `{key}`.", hint=f"There are: {known}.")

    def _wrong(self, key: str, what: str) -> UsageError:
        return UsageError(f"{self._path}: {key} must be {what}.")
