import msgspec
import pytest

from hitless.sandbox.world.names import DNS_ADDRESS, address6_for_name, address_for_name
from hitless.sandbox.world.plan import plan_world
from hitless.sandbox.world.records import DnsName, WorldPlan
from tests.sandbox.world.fakes import model_of


def servers(plan: WorldPlan) -> set[str]:
    return {f"{e.transport} {e.where}" for e in plan.endpoints if e.role == "server"}


def others(plan: WorldPlan) -> set[str]:
    return {f"{e.role} {e.transport} {e.where}" for e in plan.endpoints if e.role != "server"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "backend b\n server s 10.0.0.1:80\n server t [2001:db8:0::1]:80",
            {"tcp 10.0.0.1:80", "tcp [2001:db8::1]:80"},
        ),
        ("listen l\n bind :80\n bind :443\n server s 10.0.0.1", {"tcp 10.0.0.1:80", "tcp 10.0.0.1:443"}),
        ("listen l\n bind :80\n server s 10.0.0.1:+8000", {"tcp 10.0.0.1:8080"}),
        ("frontend f\n bind :81\n default_backend b\nbackend b\n server s 10.0.0.1", {"tcp 10.0.0.1:81"}),
        (
            "frontend f\n bind :81\n use_backend %[hdr(host)]\nbackend b\n server s 10.0.0.1",
            {"tcp 10.0.0.1:81"},
        ),
        (
            "backend b\n server s 10.0.0.1:80 check port 81 addr 10.0.0.2",
            {"tcp 10.0.0.1:80", "tcp 10.0.0.2:81"},
        ),
        ("backend b\n server s 10.0.0.1:80 agent-check agent-port 9", {"tcp 10.0.0.1:80", "tcp 10.0.0.1:9"}),
        ("backend b\n server s unix@/run/a.sock", {"unix /run/a.sock"}),
        ("global\n chroot /j\nbackend b\n server s /run/a", {"unix /run/a", "unix /j/run/a"}),
        ("backend b\n server s abns@app", {"abstract @app"}),
        ("backend b\n server s localhost:80", {"tcp 127.0.0.1:80", "tcp [::1]:80"}),
    ],
)
def test_where_servers_are(text: str, expected: set[str]) -> None:
    plan = plan_world(model_of(text))
    assert servers(plan) == expected
    assert plan.cannot_imitate == ()


@pytest.mark.parametrize(
    "bind", ["127.0.0.1:9000", ":9000", "*:9000", "127.0.0.1:8999-9001", ":::9000 v4v6", "ipv4@:9000"]
)
def test_a_chained_proxy_is_left_to_haproxy(bind: str) -> None:
    plan = plan_world(model_of(f"frontend f\n bind {bind}\nbackend b\n server s 127.0.0.1:9000 check"))
    assert servers(plan) == set()


@pytest.mark.parametrize("bind", ["127.0.0.2:9000", ":9001", ":::9000 v6only"])
def test_what_only_resembles_a_bind_is_served(bind: str) -> None:
    plan = plan_world(model_of(f"frontend f\n bind {bind}\nbackend b\n server s 127.0.0.1:9000"))
    assert servers(plan) == {"tcp 127.0.0.1:9000"}


def test_a_server_elsewhere_shares_the_port_of_a_wildcard_bind() -> None:
    plan = plan_world(model_of("listen l\n bind :80\n server s 10.0.0.1:80"))
    assert servers(plan) == {"tcp 10.0.0.1:80"}


def test_chained_by_path_and_abstract_name() -> None:
    text = "frontend f\n bind /run/x.sock\n bind abns@y\nbackend b\n server s /run/x.sock\n server t abns@y"
    assert servers(plan_world(model_of(text))) == set()


def test_names_have_an_endpoint_in_both_families() -> None:
    plan = plan_world(model_of("backend b\n server s api.example.com:80 init-addr last,10.9.9.9,none"))
    v4, v6 = address_for_name("api.example.com"), address6_for_name("api.example.com")
    assert servers(plan) == {f"tcp {v4}:80", f"tcp [{v6}]:80", "tcp 10.9.9.9:80"}
    without = plan_world(model_of("backend b\n server s api.example.com:80"), ipv6=False)
    assert servers(without) == {f"tcp {v4}:80"}


def test_a_name_of_this_machine_keeps_its_address() -> None:
    plan = plan_world(model_of("backend b\n server s lb1:80"), local_names={"lb1": ("10.0.0.5",)})
    assert servers(plan) == {"tcp 10.0.0.5:80"}
    assert DnsName(name="lb1", addresses=("10.0.0.5",)) in plan.names


def test_a_template_has_an_address_for_each_server() -> None:
    plan = plan_world(model_of("backend b\n server-template w 3 web.example.com:80 check"), ipv6=False)
    assert servers(plan) == {f"tcp {address_for_name('web.example.com', number=n)}:80" for n in range(3)}
    assert DnsName(name="web.example.com", count=3) in plan.names


def test_a_service_has_targets_with_a_port() -> None:
    plan = plan_world(model_of("backend b\n server-template w 2 _http._tcp.example.com check"), ipv6=False)
    targets = {f"tcp {address_for_name(f'target-{n}.example.com')}:8080" for n in (1, 2)}
    assert servers(plan) == targets
    assert DnsName(name="_http._tcp.example.com", count=2, srv_port=8080) in plan.names


def test_dns_and_log_receivers() -> None:
    text = (
        "global\n chroot /jail\n log /dev/log local0\n log 127.0.0.1 local0\n log tcp@10.0.0.6:601 local0\n"
        "resolvers r\n nameserver a 192.0.2.53:53\n"
        "frontend f\n bind :80\n log loghost:515 local0\n log stdout local0\n"
    )
    plan = plan_world(model_of(text), ipv6=False)
    assert others(plan) == {
        f"dns udp {DNS_ADDRESS}:53",
        f"dns tcp {DNS_ADDRESS}:53",
        "dns udp 192.0.2.53:53",
        "dns tcp 192.0.2.53:53",
        "syslog unix-datagram /dev/log",
        "syslog unix-datagram /jail/dev/log",
        "syslog udp 127.0.0.1:514",
        "syslog tcp 10.0.0.6:601",
        f"syslog udp {address_for_name('loghost')}:515",
    }
    assert plan.resolv_conf.startswith(f"nameserver {DNS_ADDRESS}\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("backend b\n option external-check\n server s 10.0.0.1:80 check", "external-check"),
        (
            "backend b\n option httpchk\n http-check expect rstring (?=a)\n server s 10.0.0.1:80 check",
            "(?=a)",
        ),
        (
            "backend b\n option httpchk\n http-check send uri-lf /%[date]\n server s 10.0.0.1:80 check",
            "log-format",
        ),
        (
            "backend b\n mode tcp\n option tcp-check\n tcp-check send-lf x\n server s 10.0.0.1:80 check",
            "log-format",
        ),
        ("backend b\n mode tcp\n option spop-check\n server s 10.0.0.1:80 check", "spop-check"),
        ("backend b\n server s 10.0.0.1:80 proto fcgi", "FastCGI"),
        ("listen l\n bind :80\n server s 0.0.0.0", "run time"),
        ("backend b\n server s 10.0.0.1", "run time"),
        ("backend b\n server s sockpair@3", "sockpair"),
    ],
)
def test_what_cannot_be_imitated_is_said(text: str, why: str) -> None:
    (entry,) = plan_world(model_of(text)).cannot_imitate
    assert entry.server == "s"
    assert entry.where.startswith("h.cfg:")
    assert why in entry.why


def test_only_checked_servers_are_reported_for_a_check() -> None:
    text = "backend b\n option external-check\n server s 10.0.0.1:80\n server t 10.0.0.2:80 check"
    assert [entry.server for entry in plan_world(model_of(text)).cannot_imitate] == ["t"]


def test_two_checks_that_want_opposite_answers_of_one_server() -> None:
    backend = (
        "backend {0}\n option httpchk GET /x\n http-check expect status {1}\n server s 10.0.0.1:80 check\n"
    )
    plan = plan_world(model_of(backend.format("a", 200) + backend.format("b", 404)))
    (entry,) = plan.cannot_imitate
    assert (entry.backend, "another check" in entry.why) == ("b", True)
    assert plan_world(model_of(backend.format("a", 200) + backend.format("b", 200))).cannot_imitate == ()


def test_a_disabled_proxy_has_no_world() -> None:
    assert servers(plan_world(model_of("backend b\n disabled\n server s 10.0.0.1:80"))) == set()


def test_a_plan_survives_json() -> None:
    text = "backend b\n mode tcp\n option mysql-check user x\n server s a.example.com:80 check\n server t /x"
    plan = plan_world(model_of(text))
    assert msgspec.json.decode(msgspec.json.encode(plan), type=WorldPlan) == plan
