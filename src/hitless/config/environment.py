"""The environment that a configuration sees: the service's, HAProxy's own, and what `setenv` changes.

Source: HAProxy 2.8 src/haproxy.c init() (its own variables), src/cfgparse-global.c (setenv, presetenv,
unsetenv, resetenv, localpeer), src/log.c (the default log formats).
"""

import os
from collections.abc import Mapping, Sequence

__all__ = ["LOG_FORMATS", "apply_directive", "initial_variables"]

_TCP_LOG = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"
_HTTP_LOG = (
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc "
    "%ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"
)
_HTTPS_LOG = (
    f"{_HTTP_LOG} %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] "
    "%[ssl_fc_sni]/%sslv/%sslc"
)

LOG_FORMATS = {
    "http": _HTTP_LOG,
    "https": _HTTPS_LOG,
    "tcp": _TCP_LOG,
    "http_clf": '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc'
    " %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl",
    "tcp_clf": '%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts--'
    ' %ac %fc %bc %sc %rc %sq %bq "" "" ',
}
"""What `option httplog`, `httpslog`, `tcplog`, `httplog clf` and `tcplog clf` stand for.

Source: HAProxy 3.4 src/log.c; all but tcp_clf (3.1) are the same in 2.2, https since 2.5.
"""


def initial_variables(environment: Mapping[str, str], version: tuple[int, ...]) -> dict[bytes, bytes]:
    """Return the variables at the first line: the service's environment and what HAProxy adds first.

    HAPROXY_CFGFILES and HAPROXY_MWORKER are not among them: 2.8 sets them when the files have been read.
    """
    own = {
        "HAPROXY_BRANCH": ".".join(str(n) for n in version[:2]),
        "HAPROXY_HTTP_LOG_FMT": LOG_FORMATS["http"],
        "HAPROXY_HTTPS_LOG_FMT": LOG_FORMATS["https"],
        "HAPROXY_TCP_LOG_FMT": LOG_FORMATS["tcp"],
    }
    return {os.fsencode(name): os.fsencode(value) for name, value in {**environment, **own}.items()}


def apply_directive(variables: dict[bytes, bytes], words: Sequence[bytes]) -> None:
    """Do to the variables what a line of `global` does to the lines after it."""
    keyword, arguments = words[0], words[1:]
    if keyword in {b"setenv", b"presetenv"} and len(arguments) >= 2:
        if keyword == b"setenv" or arguments[0] not in variables:
            variables[arguments[0]] = arguments[1]
    elif keyword == b"unsetenv":
        for name in arguments:
            variables.pop(name, None)
    elif keyword == b"resetenv":
        for name in variables.keys() - set(arguments):
            if not name.startswith(b"."):  # .LINE, .FILE and .SECTION are no variables of the environment
                del variables[name]
    elif keyword == b"localpeer" and arguments:
        variables[b"HAPROXY_LOCALPEER"] = arguments[0]
