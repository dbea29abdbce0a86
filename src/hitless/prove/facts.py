"""What a run found out about itself before the load began; kept in the bundle, so that it can be judged again."""

from hitless.records import Record, StandIn, Stream
from hitless.verdict import NotCovered

__all__ = ["FixPlace", "FrontendFacts", "RunFacts"]


class FrontendFacts(Record, frozen=True):
    """What of a frontend decides between causes, and where a fix for it belongs."""

    name: str
    where: str
    mode: str = "http"
    idle_close_on_response: bool = False
    """Whether a soft stop leaves idle connections open until their next response: by the option, or before 2.4."""
    abstract_sockets: tuple[str, ...] = ()
    """Those of the same HAProxy that it passes requests on to: `abns@name`."""
    fix_where: str = ""
    """Where its options are set, e.g. "haproxy.cfg:14 (defaults)"."""


class FixPlace(Record, frozen=True):
    """Where a keyword belongs that the configuration sets once, e.g. hard-stop-after in `global`."""

    keyword: str
    where: str


class RunFacts(Record, frozen=True):
    """The setup of one run. Times in seconds."""

    haproxy_version: str
    haproxy_path: str
    mode: str
    via: str
    tier: str
    configuration: tuple[str, ...] = ()
    streams: tuple[Stream, ...] = ()
    frontends: tuple[FrontendFacts, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    frontend_count: int = 0
    covered_count: int = 0
    stand_ins: tuple[StandIn, ...] = ()
    limitations: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fix_places: tuple[FixPlace, ...] = ()
    reloads_requested: int = 0
    hard_stop_after_s: float | None = None
    close_spread_time: bool = False
    mworker_max_reloads: int | None = None
    """How many reloads a worker may outlive before the master ends it; None: any number."""
    tcp_migrate_req: bool = False
    """net.ipv4.tcp_migrate_req where the proxy runs: the kernel moves waiting connections to another listener."""
    endpoints: tuple[str, ...] = ()
    """The endpoints that HAProxy must listen on throughout (as HAProxy binds them, wildcards included)."""
    initially_open: tuple[str, ...] = ()
    """The endpoint of every listening socket that was open when the load began, once per socket."""
    v6_only: tuple[str, ...] = ()
    """Those of them that serve IPv6 alone."""
    initial_pids: tuple[int, ...] = ()
    """The processes that served when the load began."""
