"""Which names are a HAProxy, and which only have its name in theirs."""

import pytest

from hitless.audit.acts import names_haproxy


@pytest.mark.parametrize(
    "name",
    [
        "haproxy",
        "haproxy.service",
        "haproxy@blue.service",
        "haproxy-2",
        "haproxy28",
        "haproxy_internal",
        "my-haproxy-1",
        "lb_haproxy_1",
        "rh-haproxy18-haproxy",
        "hapee-2.8-lb.service",
        "/etc/init.d/haproxy",
        '"haproxy"',
    ],
)
def test_it_is(name: str) -> None:
    assert names_haproxy(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nginx",
        "haproxy-exporter",
        "haproxy_exporter.service",
        "haproxy-dataplane",
        "haproxy.socket",
        "haproxy.cfg",
    ],
)
def test_it_is_not(name: str) -> None:
    assert not names_haproxy(name)


def test_a_unit_that_is_known_to_be_one() -> None:
    assert names_haproxy("front.service", ("front",))
