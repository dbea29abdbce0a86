"""A running HAProxy of a test as the reload's target, gathered as the command line gathers it."""

from hitless import __version__
from hitless.facts import RunMode, Snapshot
from hitless.gather.document import rfc3339_now
from hitless.gather.instance import gather_instance
from hitless.gather.options import GatherOptions
from hitless.gather.services import choose, find_services
from hitless.gather.surroundings import read_host
from hitless.gather.views import model_of, read_views
from hitless.host.haproxy_processes import read_haproxy_processes
from hitless.host.machine import read_machine
from hitless.host.root import HostRoot
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.table import run_checks
from hitless.reload.target import Target
from hitless.reloads import PreflightCheck
from hitless.subject import Subject
from tests.system.live_haproxy import LiveHaproxy


def target_of(live: LiveHaproxy) -> Target:
    """Look at it now."""
    host, options = HostRoot(), GatherOptions(pid=live.process.pid, check=False)
    processes, _ = read_haproxy_processes(host)
    (service,) = choose(find_services(processes, ()), options)
    gathering = gather_instance(service, host, options)
    machine, _ = read_machine(host)
    model = model_of(gathering, machine.host_name)
    read_views(gathering, model)
    facts, _ = read_host(host, machine, [gathering], [model], options)
    instance = gathering.instance
    snapshot = Snapshot(tool_version=__version__, taken_at=rfc3339_now(), instances=(instance,), host=facts)
    subject = Subject(snapshot, instance)
    assert instance.launch is not None
    sockets = subject.arguments.master_socket_paths
    return Target(
        instance,
        subject,
        gathering.place,
        environment=gathering.environment,
        directory=instance.launch.working_directory,
        master_address=sockets[0] if sockets and instance.mode is RunMode.MASTER_WORKER else "",
        stats_addresses=tuple(a.host for bind in model.stats_sockets for a in bind.addresses),
    )


def checks_of(live: LiveHaproxy, options: PreflightOptions | None = None) -> dict[str, PreflightCheck]:
    """Run all checks; by name."""
    found = run_checks(target_of(live), options or PreflightOptions(peers_timeout_s=0.5))
    return {check.name: check for check in found}
