import pytest

from hitless.host.haproxy_names import is_haproxy


@pytest.mark.parametrize(
    ("executable", "name", "words", "expected"),
    [
        ("/usr/sbin/haproxy", "haproxy", "/usr/sbin/haproxy -Ws -f /etc/h.cfg", True),
        ("/usr/sbin/haproxy (deleted)", "haproxy", "/usr/sbin/haproxy -Ws -f /etc/h.cfg", True),
        ("/opt/haproxy-2.6", "haproxy-2.6", "/opt/haproxy-2.6 -D -- /etc/h.cfg", True),
        ("/opt/lb/real", "haproxy", "haproxy -f /etc/h.cfg", True),
        ("/opt/haproxy/sbin/haproxy", "lb", "lb -f /etc/h.cfg", True),
        ("/opt/hapee-2.8/sbin/hapee-lb", "hapee-lb", "/opt/hapee-2.8/sbin/hapee-lb -Ws -f x", True),
        ("", "haproxy", "/usr/sbin/haproxy -f /etc/h.cfg", True),
        ("", "haproxy", "lb -f /etc/h.cfg", True),
        ("", "haproxy-wrap", "/bin/sh /usr/sbin/haproxy-wrap -f /etc/h.cfg", False),
        ("/usr/bin/dash", "haproxy", "/bin/sh /usr/sbin/haproxy -f /etc/h.cfg", False),
        ("/usr/bin/vim", "vim", "vim /etc/haproxy/haproxy.cfg", False),
        ("/usr/bin/haproxy_exporter", "haproxy_exporter", "haproxy_exporter --haproxy.scrape-uri=x", False),
        ("/haproxy-ingress", "haproxy-ingress", "/haproxy-ingress --configmap=a -f b", False),
        ("/usr/sbin/haproxy", "haproxy", "/usr/sbin/haproxy -vv", False),
        ("/usr/sbin/haproxy", "haproxy", "", False),
    ],
)
def test_what_a_haproxy_is(executable: str, name: str, words: str, *, expected: bool) -> None:
    assert is_haproxy(executable, name, words.split()) is expected
