import pytest

from hitless.config.model import Address, Bind, FileReference, LogTarget, Model, NameServer, Proxy, Server
from hitless.errors import SandboxError
from hitless.sandbox.loopback import LoopbackFacts, loopback_obstacles, require_loopback
from hitless.sandbox.standin_plan import PathState


def _facts(
    *,
    states: dict[str, PathState] | None = None,
    used: tuple[int, ...] = (),
    first: int = 1024,
    root: bool = False,
) -> LoopbackFacts:
    known = states or {}
    return LoopbackFacts(
        lambda path: known.get(path, PathState.ABSENT), lambda _, port: port not in used, first, root
    )


def _model(bind: Address, server: Address | None = None, *references: FileReference) -> Model:
    servers = (Server("s", server, {}, "h:9"),) if server else ()
    proxy = Proxy("listen", "l", "h:1", "http", (Bind((bind,), {}, "h:2"),), servers)
    return Model(("h",), (), (proxy,), file_references=references)


_GOOD = Address("ip", "127.0.0.1", 8080, "127.0.0.1:8080")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_with_free_high_ports_is_permitted(host: str) -> None:
    assert loopback_obstacles(_model(Address("ip", host, 8080), Address("ip", host, 9000)), _facts()) == ()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (Address("ip", "0.0.0.0", 8080, ":8080"), "not loopback"),
        (Address("ip", "192.0.2.1", 8080, "192.0.2.1:8080"), "not loopback"),
        (Address("name", "www.example.org", 80), "not loopback"),
        (Address("ip", "127.0.0.1", 80), "may not bind"),
        (Address("ip", "127.0.0.1", 8081, "127.0.0.1:8081"), "in use"),
        (Address("unix", "/run/there.sock"), "exists"),
    ],
)
def test_anything_else_is_an_obstacle_with_its_line(address: Address, said: str) -> None:
    facts = _facts(states={"/run/there.sock": PathState.OTHER}, used=(8081,))
    (bound,) = loopback_obstacles(_model(address), facts)
    assert bound.startswith("h:2: ")
    assert said in bound
    (sent,) = loopback_obstacles(_model(_GOOD, address), facts)
    assert sent.startswith("h:9: ")


def test_root_may_bind_low_ports_and_change_identity() -> None:
    model = _model(Address("ip", "127.0.0.1", 80), None, FileReference("user", "haproxy", "h:3"))
    assert loopback_obstacles(model, _facts(first=0, root=True)) == ()
    assert any("needs root" in found for found in loopback_obstacles(model, _facts()))


@pytest.mark.parametrize(
    ("kind", "states", "said"),
    [
        ("certificate", {}, "is missing"),
        ("certificate", {"/x/y": PathState.UNREADABLE}, "cannot be read"),
        ("certificate", {"/x/y": PathState.FILE}, ""),
        ("pidfile", {"/x/y": PathState.FILE}, "exists"),
        ("pidfile", {}, "has no directory"),
        ("socket", {"/x": PathState.DIRECTORY}, ""),
        ("server-state", {}, ""),
    ],
)
def test_files_must_be_there_and_what_haproxy_makes_must_not(
    kind: str, states: dict[str, PathState], said: str
) -> None:
    found = loopback_obstacles(_model(_GOOD, None, FileReference(kind, "/x/y", "h:5")), _facts(states=states))
    assert found == ((f"h:5: /x/y {said}",) if said else ())


def test_name_servers_and_logs_must_be_on_loopback() -> None:
    far = Address("udp", "192.0.2.53", 53, "192.0.2.53:53")
    model = Model(
        ("h",), (), (), (NameServer("r", far, "h:7"),), log_targets=(LogTarget(far, "local0", "h:8"),)
    )
    assert [found.split(" ")[0] for found in loopback_obstacles(model, _facts())] == ["h:7:", "h:8:"]


def test_the_error_names_the_lines_and_the_way_out() -> None:
    with pytest.raises(SandboxError) as caught:
        require_loopback(
            _model(Address("ip", "0.0.0.0", 80, ":80")), _facts(), why_no_namespace=["run with sudo"]
        )
    assert "h:2: binds :80" in caught.value.message
    assert "run with sudo" in caught.value.hint
    require_loopback(_model(_GOOD), _facts(), why_no_namespace=[])
