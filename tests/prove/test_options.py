"""Words into values: what is understood, and what each word that cannot be meant is answered with."""

import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from hitless.errors import ExitCode, UsageError
from hitless.prove.options import ProveOptions, read_options
from hitless.records import ClientClass, Request, Workload

WORDS: dict[str, Any] = {
    "files": (),
    "change": (),
    "haproxy": None,
    "mode": None,
    "via": "auto",
    "reloads": 5,
    "control_s": 5.0,
    "spacing_s": 2.0,
    "settle_s": 3.0,
    "requests": (),
    "headers": (),
    "connections": 40,
    "rate_per_s": 200.0,
    "full_rate": False,
    "workloads": (),
    "client_class": "naive",
    "extraopts": "",
    "variables": (),
    "env_files": (),
    "sysctls": (),
    "url": None,
    "reload_command": None,
    "remote": False,
    "output": None,
}


def options(*configuration: str, **words: Any) -> ProveOptions:
    given = configuration or ("h.cfg",)
    return read_options(given, WORDS | words, split=lambda text: tuple(shlex.split(text)))


def requests(*texts: str, headers: tuple[str, ...] = ()) -> dict[str, Request]:
    return {one.frontend: one.request for one in options(requests=texts, headers=headers).requests}


def test_the_defaults() -> None:
    found = options()
    assert found.files == ("h.cfg",)
    assert found.workloads == tuple(Workload)
    assert found.client_class is ClientClass.NAIVE
    assert (found.via, found.mode, found.requests, found.extra_arguments) == ("auto", "", (), ())


def test_files_before_the_argument_as_on_haproxys_command_line() -> None:
    assert options("b.cfg", files=("a.cfg",)).files == ("a.cfg", "b.cfg")


@pytest.mark.parametrize(
    ("configuration", "words", "told", "hint"),
    [
        ((), {}, "Which configuration", "hitless prove /etc/haproxy/haproxy.cfg"),
        (("h.cfg",), {"url": "http://x/", "reload_command": "true"}, "not both", ""),
        ((), {"url": "http://x/"}, "--reload-command", ""),
        ((), {"reload_command": "true"}, "--url", ""),
        (("h.cfg",), {"variables": ("NAME",)}, "--env wants NAME=VALUE, not 'NAME'", ""),
        (("h.cfg",), {"variables": ("=x",)}, "NAME=VALUE", ""),
        (("h.cfg",), {"variables": ("A=\udcff",)}, "not UTF-8", ""),
        (("h.cfg",), {"sysctls": ("net.ipv4.x",)}, "--sysctl wants NAME=VALUE", ""),
        (("h.cfg",), {"sysctls": ("kernel.panic=1",)}, "network namespace", "net.ipv4.tcp_migrate_req=1"),
        (("h.cfg",), {"sysctls": ("net/../../kernel/panic=1",)}, "network namespace", ""),
        (("h.cfg",), {"requests": ("health",)}, "--request wants", "HEAD /health"),
        (("h.cfg",), {"requests": ("get /x",)}, "--request wants", ""),
        (("h.cfg",), {"requests": ("GET /a b",)}, "--request wants", ""),
        (("h.cfg",), {"requests": ("GET /a\r\nX: y",)}, "--request wants", ""),
        (("h.cfg",), {"headers": ("Host",)}, "--header wants", "www.example.com"),
        (("h.cfg",), {"headers": ("X: a\r\nY: b",)}, "--header wants", ""),
        (("h.cfg",), {"headers": ("www=Content-Length: 3",)}, "cannot set Content-Length", ""),
        (("h.cfg",), {"headers": ("connection: close",)}, "cannot set connection", ""),
        (("\udcff.cfg",), {}, "not UTF-8", "another name"),
        (("h.cfg",), {"env_files": ("/nowhere/at/all",)}, "/nowhere/at/all cannot be read: No such file", ""),
    ],
)
def test_words_that_cannot_be_meant(
    configuration: tuple[str, ...], words: dict[str, Any], told: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_options(configuration, WORDS | words, split=lambda text: tuple(shlex.split(text)))
    assert told in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_live_proxy() -> None:
    words = WORDS | {
        "url": "http://192.0.2.1/",
        "reload_command": "systemctl reload 'my haproxy'",
        "remote": True,
    }
    found = read_options((), words, split=lambda text: tuple(shlex.split(text)))
    assert found.reload_command == ("systemctl", "reload", "my haproxy")
    assert (found.via, found.url, found.remote, found.files) == ("command", "http://192.0.2.1/", True, ())


@pytest.mark.parametrize(
    ("text", "frontend", "method", "path"),
    [
        ("/health", "", "GET", "/health"),
        ("HEAD /health", "", "HEAD", "/health"),
        ("www=/health", "www", "GET", "/health"),
        ("www=PUT /a=b?c=d", "www", "PUT", "/a=b?c=d"),
        ("fe:1.x-y_z=/a", "fe:1.x-y_z", "GET", "/a"),
        ("/a=b", "", "GET", "/a=b"),
        ("OPTIONS *", "", "OPTIONS", "*"),
        ("http://h.example/a=b", "", "GET", "http://h.example/a=b"),
    ],
)
def test_requests(text: str, frontend: str, method: str, path: str) -> None:
    assert requests(text) == {frontend: Request(method=method, path=path)}


def test_headers_go_with_every_request_or_with_one() -> None:
    found = requests(
        "www=/a", "/b", headers=("Host: all.example", "www=X-One: 1", "Cookie:a=b", "api=host: api.example")
    )
    assert found["www"] == Request(path="/a", host="all.example", headers=(("Cookie", "a=b"), ("X-One", "1")))
    assert found[""] == Request(path="/b", host="all.example", headers=(("Cookie", "a=b"),))
    assert found["api"].path == "/b"
    assert found["api"].headers == (("Cookie", "a=b"),)


def test_a_header_alone_goes_with_the_plainest_request() -> None:
    assert requests(headers=("Host: a.example",)) == {"": Request(host="a.example")}


def test_extra_arguments_are_the_words_or_the_services() -> None:
    assert options(extraopts="-S '/run/m.sock,mode 600' -n 10").extra_arguments == (
        "-S",
        "/run/m.sock,mode 600",
        "-n",
        "10",
    )
    assert options(variables=("EXTRAOPTS=-n 10",)).extra_arguments == ("-n", "10")
    assert options(extraopts="-n 1", variables=("EXTRAOPTS=-n 10",)).extra_arguments == ("-n", "1")


def test_an_environment_file_is_read_as_the_service_manager_does(tmp_path: Path) -> None:
    file = tmp_path / "haproxy"
    file.write_text(
        '# comment\n; another\n\nCONFIG=/etc/haproxy/haproxy.cfg\nexport EXTRAOPTS="-S /run/m.sock"\n'
        "EMPTY=\nnot an assignment\n2X=no\n"
    )
    found = options(env_files=(str(file),), variables=("CONFIG=mine",))
    assert found.environment["CONFIG"] == "mine"
    assert found.environment["EMPTY"] == ""
    assert found.extra_arguments == ("-S", "/run/m.sock")
    assert "2X" not in found.environment


def test_the_environment_is_ours_below_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITLESS_TEST", "ours")
    monkeypatch.setattr(os, "environ", {**os.environ, "HITLESS_BYTES": "\udcff"})
    found = options().environment
    assert found["HITLESS_TEST"] == "ours"
    assert "HITLESS_BYTES" not in found
    assert options(variables=("HITLESS_TEST=theirs",)).environment["HITLESS_TEST"] == "theirs"


def test_sysctls() -> None:
    found = options(sysctls=("net.ipv4.tcp_migrate_req=1", "net/ipv4/ip_local_port_range=1024 2048"))
    assert found.sysctls == {
        "net.ipv4.tcp_migrate_req": "1",
        "net/ipv4/ip_local_port_range": "1024 2048",
    }
