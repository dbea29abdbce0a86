from hitless.config.model import Server
from hitless.sandbox.world.addresses import Spot
from hitless.sandbox.world.name_book import SRV_PORT, NameBook
from hitless.sandbox.world.names import address6_for_name, address_for_name, srv_target
from hitless.sandbox.world.records import DnsName
from tests.sandbox.world.fakes import model_of


def book_of(
    line: str, *, ipv6: bool = False, local: dict[str, tuple[str, ...]] | None = None
) -> tuple[NameBook, Server]:
    model = model_of(f"backend b\n {line}")
    return NameBook(model, local or {}, ipv6=ipv6), model.proxies[0].servers[0]


def test_localhost_needs_no_dns() -> None:
    book, _ = book_of("server s 10.0.0.1:80")
    assert book.addresses("LocalHost.") == ["127.0.0.1"]
    book, _ = book_of("server s 10.0.0.1:80", ipv6=True)
    assert book.addresses("localhost") == ["127.0.0.1", "::1"]


def test_spellings_of_a_name_are_one_name() -> None:
    book, server = book_of("server s App.Example.COM.:80", ipv6=True)
    spots = book.spots(server, "App.Example.COM.", (80, 81))
    v4, v6 = address_for_name("app.example.com"), address6_for_name("app.example.com")
    assert spots == [Spot("tcp", address, port) for address in (v4, v6) for port in (80, 81)]
    assert all(name.name == "localhost" for name in book.records())  # one address: the rule for every name


def test_a_name_of_the_machine_wins_over_the_rule_and_over_localhost() -> None:
    book, server = book_of("server s lb1:80", local={"LB1.": ("2001:db8:0::1", "10.0.0.5")})
    assert book.spots(server, "lb1", (80,)) == [Spot("tcp", "10.0.0.5", 80)]
    assert DnsName(name="lb1", addresses=("2001:db8::1", "10.0.0.5")) in book.records()
    book, _ = book_of("server s lb1:80", local={"localhost": ("127.0.0.9",)})
    assert book.addresses("localhost") == ["127.0.0.9"]


def test_the_largest_template_says_how_many_addresses_a_name_has() -> None:
    book, server = book_of(
        "server-template a 2 web.example.com:80\n server-template b 3 WEB.example.com:80\n server c web.example.com:80"
    )
    assert len(book.spots(server, "web.example.com", (80,))) == 3
    assert DnsName(name="web.example.com", count=3) in book.records()


def test_a_service_leads_to_its_targets_on_the_port_of_the_line_if_it_has_one() -> None:
    service = "_http._tcp.example.com"
    book, server = book_of(f"server-template w 2 {service}")
    target = address_for_name(srv_target(service, 1))
    assert book.spots(server, service, ())[1] == Spot("tcp", target, SRV_PORT)
    book, server = book_of(f"server-template w 2 {service}:9000")
    assert book.spots(server, service, (9000,))[1] == Spot("tcp", target, 9000)
    assert DnsName(name=service, count=2, srv_port=9000) in book.records()


def test_the_addresses_before_the_name_is_resolved() -> None:
    book, server = book_of("server s a.example.com:80 init-addr last,libc,10.9.9.9,none")
    assert Spot("tcp", "10.9.9.9", 80) in book.spots(server, "a.example.com", (80,))
    assert len(book.spots(server, "a.example.com", (80,))) == 2
