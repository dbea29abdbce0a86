"""The keywords of `bind` and `server` lines and how many words each takes.

Source: the bind_kw_list and srv_kw_list tables of HAProxy 2.8 and 3.4 (src/cfgparse-ssl.c,
src/cfgparse-tcp.c, src/cfgparse-unix.c, src/cfgparse-quic.c, src/cli.c, src/listener.c, src/server.c,
src/check.c), as `haproxy -dKcfg` lists them.
"""

from collections.abc import Iterator, Mapping, Sequence

__all__ = ["bind_options", "server_options"]

Options = dict[str, tuple[str, ...]]

_TLS_VERSIONS = ("sslv3", "tlsv10", "tlsv11", "tlsv12", "tlsv13")
_TLS_WITH_VALUE = (
    *("alpn", "npn", "ca-file", "ciphers", "ciphersuites", "client-sigalgs", "crl-file", "crt", "curves"),
    *("sigalgs", "ssl-max-ver", "ssl-min-ver", "verify", "ktls"),
)
_BIND_WITH_VALUE = frozenset(
    {
        *_TLS_WITH_VALUE,
        *("accept-netscaler-cip", "backlog", "expose-fd", "gid", "group", "guid-prefix", "id", "idle-ping"),
        *(
            "interface",
            "label",
            "level",
            "maxconn",
            "mode",
            "mss",
            "name",
            "namespace",
            "nbconn",
            "nice",
            "process",
        ),
        *(
            "proto",
            "severity-output",
            "shards",
            "tcp-ut",
            "tcp-md5sig",
            "tcp-ss",
            "thread",
            "uid",
            "user",
            "cc",
        ),
        *("ca-ignore-err", "ca-sign-file", "ca-sign-pass", "ca-verify-file", "crt-ignore-err", "crt-list"),
        *("default-crt", "ecdhe", "ech", "ocsp-update", "quic-cc-algo", "quic-socket", "tls-ticket-keys"),
    }
)
_BIND_FLAGS = frozenset(
    {
        *(f"{verb}-{version}" for verb in ("no", "force") for version in _TLS_VERSIONS),
        *("accept-proxy", "allow-0rtt", "defer-accept", "generate-certificates", "no-alpn", "no-ca-names"),
        *(
            "no-strict-sni",
            "no-tls-tickets",
            "prefer-client-ciphers",
            "quic-force-retry",
            "ssl",
            "strict-sni",
        ),
        *("tfo", "tls-tickets", "transparent", "v4v6", "v6only"),
    }
)
_SERVER_WITH_VALUE = frozenset(
    {
        *_TLS_WITH_VALUE,
        *("addr", "agent-addr", "agent-inter", "agent-port", "agent-send", "cc", "check-alpn", "check-proto"),
        *(
            "check-pool-conn-name",
            "check-sni",
            "cookie",
            "downinter",
            "error-limit",
            "fall",
            "fastinter",
            "guid",
        ),
        *("hash-key", "healthcheck", "id", "idle-ping", "init-addr", "init-state", "inter", "interface"),
        *("log-bufsize", "log-proto", "max-reuse", "maxconn", "maxqueue", "minconn", "namespace", "observe"),
        *("on-error", "on-marked-down", "on-marked-up", "pool-conn-name", "pool-low-conn", "pool-max-conn"),
        *("pool-purge-delay", "port", "proto", "proxy-v2-options", "quic-cc-algo", "redir", "resolve-net"),
        *(
            "resolve-opts",
            "resolve-prefer",
            "resolvers",
            "rise",
            "shard",
            "slowstart",
            "sni",
            "socks4",
            "source",
        ),
        *("tcp-md5sig", "tcp-ut", "track", "usesrc", "verifyhost", "weight", "ws"),
    }
)
_SERVER_SWITCHES = frozenset(
    {
        *(
            "agent-check",
            "backup",
            "check",
            "check-reuse-pool",
            "check-send-proxy",
            "check-sni-auto",
            "check-ssl",
        ),
        *(
            "renegotiate",
            "send-proxy",
            "send-proxy-v2",
            "send-proxy-v2-ssl",
            "send-proxy-v2-ssl-cn",
            "sni-auto",
        ),
        *("ssl", "ssl-reuse", "tfo", "tls-tickets"),
    }
)
"""Each has a "no-" form that takes it back."""
_SERVER_FLAGS = frozenset(
    {
        *_SERVER_SWITCHES,
        *(f"no-{switch}" for switch in _SERVER_SWITCHES),
        *(f"{verb}-{version}" for verb in ("no", "force") for version in _TLS_VERSIONS),
        *("allow-0rtt", "check-via-socks4", "disabled", "enabled", "non-stick", "stick", "strict-maxconn"),
    }
)
_OPPOSITES = {"disabled": "enabled", "enabled": "disabled", "stick": "non-stick", "non-stick": "stick"}


def bind_options(words: Sequence[str]) -> tuple[Options, list[str]]:
    """Return the options of a bind line (the words after its address) and the words that are none.

    A keyword that stands several times has the values of all.
    """
    options: Options = {}
    unknown: list[str] = []
    for keyword, values in _split(words, _BIND_WITH_VALUE, _BIND_FLAGS, unknown):
        options[keyword] = options.get(keyword, ()) + values
    return options, unknown


def server_options(
    words: Sequence[str], inherited: Mapping[str, tuple[str, ...]]
) -> tuple[Mapping[str, tuple[str, ...]], list[str]]:
    """Return the options of a server line (the words after its address), and the words that are none.

    A later keyword replaces an earlier one, and `no-X` takes `X` back.
    """
    if not words:
        return inherited, []
    options: Options = dict(inherited)
    unknown: list[str] = []
    for keyword, values in _split(words, _SERVER_WITH_VALUE, _SERVER_FLAGS, unknown):
        opposite = keyword[3:] if keyword.startswith("no-") else _OPPOSITES.get(keyword, f"no-{keyword}")
        options.pop(opposite, None)
        options[keyword] = values
    return options, unknown


def _split(
    words: Sequence[str], with_value: frozenset[str], flags: frozenset[str], unknown: list[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    position = 0
    while position < len(words):
        keyword = words[position]
        position += 1
        if keyword in with_value:
            yield keyword, tuple(words[position : position + 1])
            position += 1
        elif keyword in flags:
            yield keyword, ()
        elif keyword.startswith("set-proxy-v2-tlv-fmt("):
            yield "set-proxy-v2-tlv-fmt", (keyword[21:-1], *words[position : position + 1])
            position += 1
        elif keyword:
            unknown.append(keyword)
