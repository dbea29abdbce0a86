"""Talk to HAProxy: the binary, the runtime API, the master CLI."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hitless.control.binary import EMBEDDED, HaproxyBinary, find_embedded, find_haproxy, read_binary
    from hitless.control.check import CheckResult, check_command, check_configuration, read_check
    from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
    from hitless.control.messages import Level, Message, parse_messages
    from hitless.control.replies import Processes, ProcessInfo, ProcessRow, ReloadReply
    from hitless.control.runtime_api import MasterCli, RuntimeApi

__all__ = [
    "EMBEDDED",
    "CheckResult",
    "CouldNotAsk",
    "HaproxyBinary",
    "Level",
    "MasterCli",
    "Message",
    "NotUnderstood",
    "ProcessInfo",
    "ProcessRow",
    "Processes",
    "ReloadReply",
    "RuntimeApi",
    "WasRefused",
    "check_command",
    "check_configuration",
    "find_embedded",
    "find_haproxy",
    "parse_messages",
    "read_binary",
    "read_check",
]

_PLACES = {
    "CheckResult": "hitless.control.check",
    "CouldNotAsk": "hitless.control.errors",
    "EMBEDDED": "hitless.control.binary",
    "HaproxyBinary": "hitless.control.binary",
    "Level": "hitless.control.messages",
    "MasterCli": "hitless.control.runtime_api",
    "Message": "hitless.control.messages",
    "NotUnderstood": "hitless.control.errors",
    "ProcessInfo": "hitless.control.replies",
    "ProcessRow": "hitless.control.replies",
    "Processes": "hitless.control.replies",
    "ReloadReply": "hitless.control.replies",
    "RuntimeApi": "hitless.control.runtime_api",
    "WasRefused": "hitless.control.errors",
    "check_command": "hitless.control.check",
    "check_configuration": "hitless.control.check",
    "find_embedded": "hitless.control.binary",
    "find_haproxy": "hitless.control.binary",
    "parse_messages": "hitless.control.messages",
    "read_binary": "hitless.control.binary",
    "read_check": "hitless.control.check",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is: most who use one module need no other."""
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(importlib.import_module(_PLACES[name]), name)
