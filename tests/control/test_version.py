import pytest

from hitless.control.version import VersionReply, parse_version

FEATURES = "Feature list : -51DEGREES +EPOLL -KQUEUE +OPENSSL -QUIC +SYSTEMD"


@pytest.mark.parametrize(
    ("banner", "version", "text"),
    [
        ("HA-Proxy version 2.2.9-2+deb11u7 2024/04/01 - https://haproxy.org/", (2, 2, 9), "2.2.9-2+deb11u7"),
        (
            "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/",
            (2, 6, 12),
            "2.6.12-1+deb12u4",
        ),
        (
            "HAProxy version 2.8.25-5cf5d0683 2026/06/26 - https://haproxy.org/",
            (2, 8, 25),
            "2.8.25-5cf5d0683",
        ),
        ("HAProxy version 3.5-dev5-0fdb91c-12 2026/08/21 - x", (3, 5, 0), "3.5-dev5-0fdb91c-12"),
        ("HA-Proxy version 1.8.0 2017/11/26", (1, 8, 0), "1.8.0"),
    ],
)
def test_the_banner_of_every_generation_is_read(
    banner: str, version: tuple[int, int, int], text: str
) -> None:
    assert parse_version(f"{banner}\nStatus: x\n\n{FEATURES}\n") == VersionReply(
        version, text, frozenset({"EPOLL", "OPENSSL", "SYSTEMD"})
    )


def test_a_banner_alone_has_no_features() -> None:
    reply = parse_version("HAProxy version 2.8.25 2026/06/26\n")
    assert reply is not None
    assert reply.features == frozenset()


@pytest.mark.parametrize(
    "output", ["", "nginx version: nginx/1.22.1\n", "\nHAProxy version 2.8.25", "HAProxy version x.y"]
)
def test_what_no_haproxy_wrote_is_none(output: str) -> None:
    assert parse_version(output) is None
