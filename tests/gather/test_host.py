from pathlib import Path

import pytest

from hitless.errors import UsageError
from hitless.facts import RunMode
from hitless.gather.host import gather_host
from hitless.gather.options import GatherOptions
from tests.gather.trees import make_tree


def test_a_tree_with_a_unit(tmp_path: Path) -> None:
    snapshot = gather_host(GatherOptions(root=str(make_tree(tmp_path)), haproxy_version=(2, 6, 0)))
    (instance,) = snapshot.instances
    assert instance.name == "haproxy.service"
    assert instance.mode is RunMode.MASTER_WORKER
    assert [f.path for f in instance.configuration] == ["/etc/haproxy/haproxy.cfg"]
    assert instance.processes is None
    assert instance.check is None
    assert {u.what for u in snapshot.unknown} >= {"HAProxy's processes"}


def test_a_tree_with_a_configuration_alone(tmp_path: Path) -> None:
    snapshot = gather_host(GatherOptions(root=str(make_tree(tmp_path, unit=False))))
    (instance,) = snapshot.instances
    assert instance.name == "/etc/haproxy/haproxy.cfg"
    assert instance.mode is RunMode.UNKNOWN
    assert instance.binary is None
    whys = [u.why for u in snapshot.unknown]
    assert any("--haproxy-version" in why for why in whys)


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No HAProxy was found"):
        gather_host(GatherOptions(root=str(tmp_path)))
    with pytest.raises(UsageError, match="is no directory"):
        gather_host(GatherOptions(root=str(tmp_path / "none")))
