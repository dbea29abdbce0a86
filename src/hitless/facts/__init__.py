"""What is true on a host, as values that are written into a snapshot and read back from it.

A field that may be None is None where it could not be seen; an empty tuple means seen, and there is nothing. Each
record names its `source`: the file, command or system call that it came from.
"""

from hitless.facts.host import (
    Account,
    FileText,
    Host,
    HostAddress,
    ListeningSocket,
    LoggingFacts,
    PathFact,
    Script,
    Sysctl,
    UnixListener,
    VirtualAddress,
)
from hitless.facts.instance import (
    NEWEST_PATCH,
    Binary,
    CheckOutcome,
    ConfigurationFile,
    Instance,
    Launch,
    MasterProcess,
    MasterView,
    Process,
    Role,
    RunMode,
    ServerState,
    WorkerView,
)
from hitless.facts.snapshot import SNAPSHOT_FORMAT, Snapshot, Unknown
from hitless.facts.unit import ExecCommand, Unit

__all__ = [
    "NEWEST_PATCH",
    "SNAPSHOT_FORMAT",
    "Account",
    "Binary",
    "CheckOutcome",
    "ConfigurationFile",
    "ExecCommand",
    "FileText",
    "Host",
    "HostAddress",
    "Instance",
    "Launch",
    "ListeningSocket",
    "LoggingFacts",
    "MasterProcess",
    "MasterView",
    "PathFact",
    "Process",
    "Role",
    "RunMode",
    "Script",
    "ServerState",
    "Snapshot",
    "Sysctl",
    "Unit",
    "UnixListener",
    "Unknown",
    "VirtualAddress",
    "WorkerView",
]
