import json
from ipaddress import ip_address

import pytest

from hitless.sandbox.network import read_sysctls
from tests.system.conftest import require
from tests.system.sandbox_helpers import PROGRAMS, TIERS, python_for, run

pytestmark = pytest.mark.system


@pytest.mark.parametrize("tier", TIERS)
def test_every_address_answers_and_sysctls_are_the_hosts(tier: str) -> None:
    report, output = run(tier, (python_for(tier), str(PROGRAMS / "network_inside.py")))
    require(not report["report"].get("limitations"), f"no IPv6 here: {report}")
    result = json.loads(output)
    for bound, to, source, peer in result["peers"]:
        seen = ip_address(peer.removeprefix("::ffff:"))
        assert not source or seen == ip_address(source), (bound, to, source, peer)
    host = read_sysctls(result["sysctls"])
    assert result["sysctls"]["net.ipv4.ip_unprivileged_port_start"] == "0"
    for name in ("net.ipv4.tcp_migrate_req", "net.core.somaxconn"):
        assert result["sysctls"].get(name) == host.get(name) == report["report"]["host_sysctls"].get(name)
