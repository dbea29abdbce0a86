"""What a proxy takes from its defaults section, and which line replaces which.

Source: HAProxy 2.8 src/proxy.c proxy_defproxy_cpy(), src/cfgparse-listen.c, doc/configuration.txt section 4.
"""

from hitless.config.model import Directive

__all__ = ["inherits_directive", "inherits_timeout", "option_rivals", "replacement_key"]

_FRONTEND = frozenset({"frontend", "listen", "defaults"})
_BACKEND = frozenset({"backend", "listen", "defaults"})

_FRONTEND_TIMEOUTS = frozenset(
    {"client", "client-fin", "client-hs", "tarpit", "http-request", "http-keep-alive"}
)
_BACKEND_TIMEOUTS = frozenset(
    {
        "connect",
        "server",
        "server-fin",
        "check",
        "queue",
        "tunnel",
        "tarpit",
        "http-request",
        "http-keep-alive",
    }
)

_FRONTEND_DIRECTIVES = frozenset(
    {
        *("backlog", "capture", "clitcpka-cnt", "clitcpka-idle", "clitcpka-intvl", "default_backend"),
        *("error-log-format", "log-format", "log-format-sd", "maxconn", "monitor-uri", "rate-limit"),
    }
)
_BACKEND_DIRECTIVES = frozenset(
    {
        *("balance", "cookie", "default-server", "dynamic-cookie-key", "fullconn", "hash-balance-factor"),
        *("hash-type", "http-check", "http-reuse", "load-server-state-from-file", "max-keep-alive-queue"),
        *(
            "max-session-srv-conns",
            "persist",
            "retries",
            "retry-on",
            "source",
            "srvtcpka-cnt",
            "srvtcpka-idle",
        ),
        *("srvtcpka-intvl", "tcp-check"),
    }
)
_SINGLE = frozenset(
    {
        *(_FRONTEND_DIRECTIVES - {"capture"}),
        *(_BACKEND_DIRECTIVES - {"default-server", "http-check", "tcp-check", "persist"}),
        *("description", "dispatch", "id", "log-tag", "server-state-file-name", "unique-id-format"),
        *("unique-id-header",),
    }
)
"""Keywords with one value: the last line wins."""
_SINGLE_BY_ARGUMENT = frozenset(
    {"compression", "email-alert", "errorfile", "errorloc", "errorloc302", "errorloc303"}
)
"""Keywords whose first argument names what is set."""
_SINGLE_STATS = frozenset({"uri", "realm", "refresh", "scope"})

_RIVALS = (
    frozenset({"httpclose", "http-server-close", "http-keep-alive"}),
    frozenset({"httplog", "tcplog", "httpslog"}),
    frozenset(
        {
            *("httpchk", "tcp-check", "mysql-check", "pgsql-check", "redis-check", "ldap-check", "smtpchk"),
            *("ssl-hello-chk", "spop-check", "external-check"),
        }
    ),
)


def inherits_timeout(kind: str, name: str) -> bool:
    """Return whether a proxy of this kind uses a timeout set in `defaults`; an unknown one it does."""
    if name not in _FRONTEND_TIMEOUTS | _BACKEND_TIMEOUTS:
        return True
    return (kind in _FRONTEND and name in _FRONTEND_TIMEOUTS) or (
        kind in _BACKEND and name in _BACKEND_TIMEOUTS
    )


def inherits_directive(kind: str, directive: Directive) -> bool:
    """Return whether a proxy of this kind uses a line of `defaults`."""
    if directive.keyword in _FRONTEND_DIRECTIVES:
        return kind in _FRONTEND
    return directive.keyword not in _BACKEND_DIRECTIVES or kind in _BACKEND


def option_rivals(name: str) -> frozenset[str]:
    """Return the options that an option turns off: of some groups only the last one set counts."""
    return next((group - {name} for group in _RIVALS if name in group), frozenset())


def replacement_key(directive: Directive) -> tuple[str, ...]:
    """Return what a line sets: equal for lines that replace one another, () for lines that add up."""
    words = directive.words
    if words[0] in _SINGLE:
        return words[:1]
    if words[0] in _SINGLE_BY_ARGUMENT or (words[0] == "stats" and words[1:2] and words[1] in _SINGLE_STATS):
        return words[:2]
    return ()
