"""The world that a configuration expects around HAProxy: servers, DNS and syslog, planned and played."""

from hitless.sandbox.world.hosts import parse_hosts
from hitless.sandbox.world.names import address6_for_name, address_for_name
from hitless.sandbox.world.plan import plan_world
from hitless.sandbox.world.process import WorldProcess
from hitless.sandbox.world.records import (
    CannotImitate,
    DnsName,
    Endpoint,
    Failure,
    HttpAnswer,
    Ready,
    Step,
    WorldPlan,
)

__all__ = [
    "CannotImitate",
    "DnsName",
    "Endpoint",
    "Failure",
    "HttpAnswer",
    "Ready",
    "Step",
    "WorldPlan",
    "WorldProcess",
    "address6_for_name",
    "address_for_name",
    "parse_hosts",
    "plan_world",
]
