from pathlib import Path

from hitless.gather.host import gather_host
from hitless.gather.options import GatherOptions
from tests.gather.trees import make_tree


def test_what_the_configuration_and_the_unit_name_is_looked_at(tmp_path: Path) -> None:
    host = gather_host(GatherOptions(root=str(make_tree(tmp_path)))).host
    assert host is not None
    kinds = {p.path: p.kind for p in host.paths or ()}
    assert kinds["/etc/haproxy/haproxy.cfg"] == "file"
    assert kinds["/etc/haproxy/web.pem"] == "missing"
    assert kinds["/run/haproxy/admin.sock"] == "missing"
    assert kinds["/run/haproxy"] == "missing"
    assert kinds["/var/lib/haproxy"] == "directory"
    assert kinds["/var/lib/haproxy/dev/log"] == "missing"
    assert kinds["/run/haproxy.pid"] == "missing"
    accounts = {(a.kind, a.name): a.identifier for a in host.accounts or ()}
    assert accounts == {("user", "haproxy"): 107, ("user", "lb"): None}


def test_a_tree_has_no_network_of_its_own(tmp_path: Path) -> None:
    host = gather_host(GatherOptions(root=str(make_tree(tmp_path)))).host
    assert host is not None
    assert host.listening is None
    assert host.addresses is None
    assert host.keepalived == ()
