import pytest

from hitless.config.templates import is_template


@pytest.mark.parametrize(
    "line",
    [
        "server {{ name }} {{ address }}:80 check",
        "bind *:{{port}}",
        "{% if admin %}",
        "bind {%if address %}{{ address }}{% endif %}:80",
        "stats socket <%= node['socket'] %> level admin",
        "bind :<%= port %>",
        "{{- range $backend := .Backends }}",
    ],
)
def test_the_syntax_of_templates_is_seen(line: str) -> None:
    assert is_template(line.split())


@pytest.mark.parametrize(
    "line",
    [
        "unique-id-format %{+X}o%ci:%cp",
        'log-format {"pid":%pid,"status":%ST,"id":"%ID","bytes":{%B}}',
        "http-request return string <%[src]>",
        "use_backend ws if { hdr(upgrade) -i websocket }",
        "acl host hdr_reg(host) ^[a-z]{2,3}$",
    ],
)
def test_haproxys_own_syntax_is_no_template(line: str) -> None:
    assert not is_template(line.split())
