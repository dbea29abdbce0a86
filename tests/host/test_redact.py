import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.host.redact import is_secret_name, is_secret_variable, redact_configuration, redact_text

_WORDS = st.sampled_from(
    [
        *(
            "password",
            "TOKEN",
            "api_key",
            "=",
            ":",
            ": ",
            '"',
            "'",
            "\\",
            "\n",
            "\r\n",
            " ",
            "#",
            "{",
            "}",
            "$X",
            "%[x]",
        ),
        *(
            "user",
            "stats",
            "auth",
            "a:b",
            "://",
            "@",
            "hdr(token)",
            "acl",
            "-m",
            "str",
            "Authorization",
            "Bearer",
        ),
        *(
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "set-header",
            "setenv",
            "curl -u",
            "\x00",
            "\u2028",
        ),
    ]
)
_TEXTS = st.one_of(
    st.text(), st.lists(_WORDS, max_size=30).map("".join), st.lists(_WORDS, max_size=30).map(" ".join)
)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("PASSWORD=abc systemctl reload haproxy", "PASSWORD=*** systemctl reload haproxy"),
        ("TOKEN=x&&systemctl reload haproxy", "TOKEN=*&&systemctl reload haproxy"),
        ('export API_KEY="a b c"; foo', 'export API_KEY="*****"; foo'),
        ('Environment="TOKEN=a b" "CONFIG=/x"', 'Environment="TOKEN=***" "CONFIG=/x"'),
        ("password: correct horse # why", "password: ************* # why"),
        ('{"password":"x", "a": 1}', '{"password":"*", "a": 1}'),
        ("--password hunter2 x", "--password ******* x"),
        ("curl -u admin:pw http://x/", "curl -u admin:** http://x/"),
        ("sshpass -p hunter2 ssh lb1", "sshpass -p ******* ssh lb1"),
        ("http://u:p@h/x", "http://u:*@h/x"),
        ("Authorization: Basic abcd1234", "Authorization: **************"),
        ('-H "Authorization: Bearer abcdefgh12"', '-H "Authorization: *****************"'),
        ('-H "X-Api-Key: abcdef"', '-H "X-Api-Key: ******"'),
        ("SAVED_CF_Key='abcd'", "SAVED_CF_Key='****'"),
        (
            "a\n-----BEGIN RSA PRIVATE KEY-----\nabc\n  def\n-----END RSA PRIVATE KEY-----\nb",
            "a\n-----BEGIN RSA PRIVATE KEY-----\n***\n*****\n-----END RSA PRIVATE KEY-----\nb",
        ),
        ("x AKIAABCDEFGHIJKLMNOP y", "x ******************** y"),
    ],
)
def test_a_secret_becomes_stars_and_columns_stay(text: str, redacted: str) -> None:
    assert redact_text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "KEY_FILE=/a",
        "SSL_KEY=/etc/ssl/x.key",
        'password: "{{ vault_password }}"',
        'TOKEN="$OTHER"',
        "--password-file /x",
        "monkey=1 bypass=1 compass=north",
        "server s1 token.example.com:8443",
        "mysql -p PASS",
        "token=$(cat /run/x) systemctl reload haproxy",
        "0 3 * * * root systemctl restart haproxy",
        "ExecStart=/usr/sbin/haproxy -Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("user bob insecure-password hunter2 groups x", "user bob insecure-password ******* groups x"),
        ("  user bob password $5$ab", "  user bob password *****"),
        ("  user bob password $y$j9T$ab$cd", "  user bob password ************"),
        ("stats auth admin:pa:ss", "stats auth admin:*****"),
        ('stats auth "admin:p w"', 'stats auth "admin:***"'),
        ("# stats auth admin:pw", "# stats auth admin:**"),
        ("cluster-secret abc", "cluster-secret ***"),
        ("setenv DB_PASSWORD x", "setenv DB_PASSWORD *"),
        (
            'http-request set-header Authorization "Basic Zm9v" if { path / }',
            "http-request set-header Authorization ************ if { path / }",
        ),
        ("http-check send hdr X-Api-Key abc hdr Host x", "http-check send hdr X-Api-Key *** hdr Host x"),
        (
            r"option httpchk GET / HTTP/1.1\r\nAuthorization:\ Basic\ Zm9vYmFy",
            r"option httpchk GET / HTTP/1.1\r\nAuthorization:\ Basic\ ********",
        ),
        ("acl k req.hdr(X-Api-Key) -m str abc def", "acl k req.hdr(X-Api-Key) -m str *** ***"),
        (r"tcp-check send AUTH\ foo\r\n", r"tcp-check send AUTH\ ***\r\n"),
        (
            "http-request set-var(txn.x) str(a),hmac(sha256,Zm9v)",
            "http-request set-var(txn.x) str(a),hmac(sha256,****)",
        ),
        ("lua-load /x.lua token=abc user=x", "lua-load /x.lua token=*** user=x"),
    ],
)
def test_a_secret_of_a_configuration_becomes_stars(text: str, redacted: str) -> None:
    assert redact_configuration(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "user haproxy",
        "setenv REGION eu",
        'stats auth "admin:$PW"',
        "stats socket /run/x user haproxy group haproxy mode 660",
        "http-request deny if !{ hdr(x-token) -m found }",
        "http-request deny if { hdr(x-token) -m found } { path /x }",
        "server a token.example.com:80 check",
        "bind :443 ssl crt /etc/ssl/private/x.pem",
        'log-format "token=%[var(x)] pass=%ST"',
        "option mysql-check user haproxy",
        "load crt a key b.key",
        "http-request auth realm Secret: if x",
        "default_backend token-service",
        "http-request set-header Authorization %[var(txn.t)]",
    ],
)
def test_the_rest_of_a_configuration_stays(text: str) -> None:
    assert redact_configuration(text) == text


@given(_TEXTS)
def test_lines_keep_their_lengths(text: str) -> None:
    for redacted in (redact_text(text), redact_configuration(text)):
        assert [len(line) for line in redacted.splitlines()] == [len(line) for line in text.splitlines()]
        assert all(a in (b, "*") for a, b in zip(redacted, text, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "password" * 20_000,
            'password="' * 10_000,
            "-" * 200_000,
            '"' * 100_000,
            "\\" * 100_000,
            "://" * 50_000,
        ),
        *("-----BEGIN PRIVATE KEY-----" * 5_000, "curl -u " * 20_000, "acl x hdr(token) " * 5_000),
    ],
)
@pytest.mark.timeout(20)
def test_a_hostile_text_takes_linear_time(text: str) -> None:
    assert len(redact_text(text)) == len(redact_configuration(text)) == len(text)


def test_names_of_secrets() -> None:
    assert is_secret_name("DB_PASSWORD")
    assert is_secret_name("X-Auth-Token")
    assert not is_secret_name("PASSWORD_FILE")
    assert not is_secret_name("EXTRAOPTS")


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ('stats auth admin:"${X}"', True),
        ("stats auth $X", True),
        ('user joe insecure-password "${X-none}"', True),
        ("bind :$X", False),
        ("stats auth $XY", False),
        ("", False),
    ],
)
def test_a_variable_is_secret_by_its_use(line: str, secret: bool) -> None:  # noqa: FBT001 - a row of the table
    assert is_secret_variable("X", line) is secret
    assert is_secret_variable("DB_PASSWORD", line)
