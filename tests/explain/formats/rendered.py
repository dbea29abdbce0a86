"""Lines as HAProxy writes them, for any format: what the parsers are tested against.

Written from HAProxy 3.4 src/log.c sess_build_logline_orig(), not from the parsers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from hitless.explain.formats.items import Item, Space, Text, parse_log_format

TIMERS = ("TR", "Tw", "Tc", "Tr", "Ta", "Tt", "Td", "Th", "Ti", "Tq", "Tu")
COUNTERS = ("ac", "fc", "bc", "sc", "sq", "bq")
_NOT_QUOTED = frozenset(
    {*TIMERS, *COUNTERS, "ST", "B", "U", "rc", "pid", "rt", "cp", "t", "tr", "T", "Ts", "ms", "ts", "tsc"}
)
_SELF_ENCODED = frozenset({"r", "HM", "HU", "hr", "hs"})
_EMPTY_IS_NOTHING = frozenset({"hr", "hs"})
_HEXADECIMAL = frozenset({"rt", "pid", "Ts", "cp"})


@dataclass(frozen=True)
class Session:
    """A session's values, as HAProxy has them; "" for what there is nothing of."""

    values: Mapping[str, str]


def encode(text: str, also: str) -> str:
    """What lf_encode_string() does with '#' for its escape."""
    out = []
    for byte in text.encode():
        character = chr(byte)
        out.append(f"#{byte:02X}" if byte < 32 or byte > 126 or character in also else character)
    return "".join(out)


def render(text: str, session: Session) -> str:
    """The line that a format makes of a session."""
    line = ""
    for piece in parse_log_format(text):
        if isinstance(piece, Space):
            line += "" if not line or line.endswith(" ") else " "
        elif isinstance(piece, Text):
            line += piece.text
        else:
            line += _item(piece, session)
    return line


def _item(item: Item, session: Session) -> str:
    name = item.alias or item.expression
    value = session.values[name]
    if not value and name in _EMPTY_IS_NOTHING:
        return ""
    if "X" in item.flags and name in _HEXADECIMAL:
        return f"{int(value):04X}"
    if name in _NOT_QUOTED:
        return value
    if not value and "M" in item.flags and "Q" not in item.flags:
        value = "-"
    if "E" in item.flags and name not in _SELF_ENCODED:
        value = "".join(f"\\{c}" if c in '"\\]' else c for c in value)
    return f'"{value}"' if "Q" in item.flags else value


NAMES = st.from_regex(r"[A-Za-z0-9_.:-]{1,12}", fullmatch=True).filter(lambda name: name != "-")
NUMBERS = st.integers(-1, 10**9).map(str)
_URI = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)
EPOCH = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)
DATES = st.datetimes(EPOCH + timedelta(days=1), EPOCH + timedelta(days=40_000)).map(
    lambda d: d.replace(microsecond=d.microsecond // 1000 * 1000)
)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    date = draw(DATES)
    uri = encode("/" + draw(_URI).replace(" ", ""), '"#')
    method = draw(st.sampled_from(["GET", "POST", "<BADREQ>"]))
    captures = draw(st.lists(st.text(st.characters(codec="ascii"), max_size=8), max_size=3))
    values = {name: draw(NUMBERS) for name in (*TIMERS, *COUNTERS, "B", "U")}
    early = draw(st.booleans())
    for name in ("B", "Ta", "Tt", "Tu"):
        values[name] = f"+{values[name]}" if early else values[name]
    values |= {
        "ci": draw(st.one_of(st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str), st.just("unix"))),
        "cp": str(draw(st.integers(0, 65535))),
        "ft": draw(NAMES) + draw(st.sampled_from(["", "~"])),
        "b": draw(NAMES),
        "s": draw(st.one_of(NAMES, st.sampled_from(["<NOSRV>", "<STATS>", "<lua.hello>"]))),
        "ST": str(draw(st.one_of(st.just(-1), st.integers(100, 599)))),
        "rc": draw(st.sampled_from(["0", "3", "+3"])),
        "tsc": draw(st.sampled_from(["----", "SC--", "KH--", "cD--", "PR--", "SHVN"])),
        "ts": draw(st.sampled_from(["--", "SC", "KC", "K-"])),
        "CC": draw(st.sampled_from(["", "a=b"])),
        "CS": "",
        "hr": "{" + "|".join(encode(c, '"#{|}') for c in captures) + "}" if captures else "",
        "hs": "",
        "r": f"{method} {uri} HTTP/1.1" if method != "<BADREQ>" else method,
        "HM": method,
        "HU": uri,
        "pid": str(draw(st.integers(1, 4_194_304))),
        "rt": str(draw(st.integers(0, 10**6))),
        "ID": draw(st.sampled_from(["", "8AB1:0001_C0"])),
        "t": f"{date:%d/%b/%Y:%H:%M:%S}.{date.microsecond // 1000:03d}",
        "T": f"{date:%d/%b/%Y:%H:%M:%S} +0000",
        "Ts": str(int((date - EPOCH) / timedelta(seconds=1))),
        "ms": f"{date.microsecond // 1000:03d}",
        "req.hdr(user-agent)": draw(
            st.text(st.characters(codec="ascii", exclude_characters="\r\n\0"), max_size=20)
        ),
        "ssl_fc_sni": draw(st.sampled_from(["", "www.example.com"])),
    }
    values["tr"] = values["t"]
    values["f"] = values["ft"].removesuffix("~")
    return Session(values)


def moment_ns(session: Session) -> int:
    """When it began, by its dates in UTC."""
    date = datetime.strptime(session.values["t"] + "+0000", "%d/%b/%Y:%H:%M:%S.%f%z").astimezone(UTC)
    return int((date - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)) * 1_000_000
