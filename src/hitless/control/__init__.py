"""Talk to HAProxy: the binary, the runtime API, the master CLI."""

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
