"""What an installed HAProxy supports, learnt from it: the keywords that `-dKcfg` lists.

Source: HAProxy src/haproxy.c dump_registered_keywords() (2.6-dev6), src/cfgparse.c cfg_dump_registered_keywords(),
src/listener.c bind_dump_kws(), src/server.c srv_dump_kws().
"""

import re
from collections.abc import Iterator

from hitless.control.command import run_bounded
from hitless.control.errors import CouldNotAsk, NotUnderstood

__all__ = ["parse_keywords", "read_keywords"]

_TIMEOUT_S = 10.0
_LIMIT_BYTES = 1024 * 1024
_TITLE = "# List of registered configuration keywords:"
_OF_A_LINE = re.compile(r"(bind) <addr> (?:ssl )?(\S+)|(server) <name> <addr> (\S+)")
_NOTE = re.compile(r"\s+(?:\+\d+|\[.*\])$")


def read_keywords(binary: str) -> tuple[str, ...] | None:
    """Return the keywords of a HAProxy program, None where it cannot say (up to 2.5).

    "global hard-stop-after", "bind expose-fd", "server init-state", "option httplog", "http-request set-var",
    "listen balance" (any proxy section), "peers peer". What stands here is supported. What does not stand here may be
    as well: HAProxy lists the keywords that its parts register, and up to 3.0 read many of `global` and some of the
    proxies (`chroot`, `maxconn`, `nbproc`) without that.

    Raises: CouldNotAsk if the program does not run or end; NotUnderstood if its list is of another kind.
    """
    try:
        # -c ends it after the list; the empty configuration is refused, which says nothing about the list.
        reply = run_bounded(
            [binary, "-dKcfg", "-q", "-c", "-f", "/dev/null"],
            timeout_s=_TIMEOUT_S,
            limit_bytes=_LIMIT_BYTES,
        )
    except OSError as error:
        raise CouldNotAsk(f"{binary} could not be started: {error.strerror}") from error
    return parse_keywords(reply.stdout)


def parse_keywords(output: str) -> tuple[str, ...] | None:
    """Return the keywords that `-dKcfg` printed, in its order; None if it printed none.

    Raises: NotUnderstood if the list has a keyword outside any section.
    """
    if not output.startswith(_TITLE):
        return None
    return tuple(dict.fromkeys(_keywords(output)))


def _keywords(output: str) -> Iterator[str]:
    section = ""
    for line in output.splitlines()[1:]:
        if not line.startswith("\t"):
            section = line.strip()
            continue
        text = _NOTE.sub("", line.strip())
        if not section:
            raise NotUnderstood("`-dKcfg` lists a keyword outside any section", raw=output)
        match = _OF_A_LINE.match(text)
        if match:
            yield f"{match[1] or match[3]} {match[2] or match[4]}"
        elif section == "listen" and " " in text:
            yield text
        else:
            yield f"{section} {text}"
