r"""Secrets out of texts that are kept as evidence: each character of a secret becomes "*", so columns stay true.

Line ends stay, so line numbers stay true as well. What is no secret stays byte for byte: a variable's name
("$TOKEN"), a path ("/etc/ssl/private/x.key"), a sample expression of HAProxy ("%[var(txn.token)]").
"""

import re
from collections.abc import Iterator, Sequence

__all__ = ["is_secret_name", "is_secret_variable", "redact_configuration", "redact_text"]

_HIDDEN = (
    r"(?:pass(?:word|wd|phrase)|secret|token|credentials?|api[_-]?key|access[_-]?key|account[_-]?key"
    r"|auth[_-]?key|(?<![a-z])authorization|private[_-]?key|[_-](?:pwd|pass|key)(?![a-z0-9]))"
)
_STAND_IN = "stand:in"
"""A value that is no path, no name and no number; with the colon between a user and a password."""
_HARMLESS_END = re.compile(r"(?:file|path|dir|directory|url|uri|name|id|user|ttl|length|type|mode)s?$")
_SECRET_NAME = re.compile(_HIDDEN, re.IGNORECASE)
# Possessive ("++"): a line of 50 MB would else keep every position to come back to, gigabytes of them.
_VALUE = r"(?:\"(?:\\.|[^\"\\\n]++)*+\"|'[^'\n]*+'|\\.|(?!&&|\|\||\$\()[^\s\"'\\]|[\"'\\])++"
_ASSIGNED = re.compile(
    rf"(?P<word>{_HIDDEN}(?P<rest>[\w-]{{0,64}}))"
    rf"(?:[\"']?[ \t]{{0,32}}(?:=>|:=|\+=|=)[ \t]{{0,32}}|[\"'][ \t]{{0,32}}:[ \t]{{0,32}}|:[ \t]{{1,32}})"
    rf"(?P<value>{_VALUE})",
    re.IGNORECASE,
)
_NAME_BEFORE = re.compile(r"[\w.-]{0,64}\Z")
_YAML_LINE = re.compile(
    rf"^[ \t]*(?:-[ \t]+)?[\"']?[\w.-]{{0,64}}?(?P<word>{_HIDDEN}(?P<rest>[\w-]{{0,64}}))[\"']?:[ \t]+"
    r"(?P<value>[^\s#|>][^\n]*?)(?=[ \t]*\r?$|[ \t]#)",
    re.IGNORECASE | re.MULTILINE,
)
_OPTION = re.compile(
    rf"(?<![\w-])--?[\w-]{{0,64}}?(?P<word>{_HIDDEN}(?P<rest>[\w-]{{0,64}}))[ \t]+(?!-)(?P<value>{_VALUE})",
    re.IGNORECASE,
)
_SPANS = (
    re.compile(
        r"(?<![\w+.-])[a-z][\w+.-]{0,30}://[^\s/:@\"']{0,256}:(?P<value>[^\s/\"']{1,512})@", re.IGNORECASE
    ),
    re.compile(r"://(?P<value>[\w-]{20,512})@"),
    re.compile(
        r"authorization(?:\"?:|[\"',= ]|\\[ t])(?:[\"',= \t]|\\[ t]){0,16}"
        r"(?:(?:basic|bearer|digest|token|negotiate|apikey)(?:[ \t]|\\[ t]){1,16})?(?P<value>[^\s\"'$%\\{]{4,})",
        re.IGNORECASE,
    ),
    re.compile(r"(?<!\w)bearer(?:[ \t]|\\ ){1,16}(?P<value>[\w.~+/=-]{8,})", re.IGNORECASE),
    re.compile(
        r"\b(?:curl|wget)\b[^\n]{0,256}?[ \t](?:-u|--user|--proxy-user)[ =]?[\"']?"
        r"[^\s:\"'$]{1,64}:(?P<value>[^\s\"'$]+)"
    ),
    re.compile(r"\bauth_pass[ \t]{1,32}(?P<value>[^\s!#]+)"),  # keepalived.conf
    re.compile(r"\bsshpass[ \t]+-p[ \t]{0,8}(?P<value>[^\s$]+)"),
    re.compile(r"hooks\.slack\.com/services/(?P<value>[\w/]{8,})"),
    re.compile(
        r"(?<!\w)(?P<value>AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}"
        r"|eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*|hvs\.[\w-]{20,})"
    ),
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----")
_PRIVATE_KEY_END = re.compile(r"-----END [A-Z ]{0,32}PRIVATE KEY-----")
_NO_SECRET = re.compile(
    r"\"?\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})\"?|if|unless|[\"']?(?:~|\.{0,2}/)[\w./@+-]*\.[a-z]{2,5}[\"']?|[\"']?/(?:[\w.@+-]+/)+[\w.@+-]*[\"']?"
    r"|[\"']?\{\{[^{}]*\}\}[\"']?|\"\"|''|%.*|[\"']?[-+]?(?:none|null|true|false|yes|no)[\"']?|\*+",
    re.IGNORECASE | re.DOTALL,
)

_WORD = re.compile(r"(?:\\.|'[^'\n]*+'|\"(?:\\.|[^\"\\\n]++)*+\"|[^\s\"'\\]++|[\"'\\])++")
_COMMENT = re.compile(r"(?<!\S)#+[ \t]*")
_FETCH = re.compile(
    r"(?:\w+\.)?(?:f?hdr|cook|s?cook|url_?p(?:aram)?|urlp)(?:_\w+)?\((?P<name>[^(),\s]*)[^\s]*", re.IGNORECASE
)
_PATTERN_FLAGS_WITH_VALUE = frozenset({"-m", "-f", "-M"})
_PATTERN_ENDS = frozenset({"}", "||", "or", "if", "unless", "{"})
_CHECK_LOGIN = re.compile(r"[\"']?(?:AUTH|PASS)(?:\\?[ \t])+(?P<value>.+?)(?:\\r|\\n|[\"']|$)", re.IGNORECASE)
_KEYED = re.compile(r"(?:hmac\([\w-]+,|jwt_verify\([^(),\s]+,)(?P<value>[^()\s]+)\)", re.IGNORECASE)
_VARIABLE = re.compile(r"[\"']?(?:proc|sess|txn|req|res|check)\.")


def is_secret_name(name: str) -> bool:
    """Return whether a variable or header of this name holds a secret ("DB_PASSWORD", not "PASSWORD_FILE")."""
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_END.search(name.lower())


def is_secret_variable(name: str, configuration: str) -> bool:
    """Return whether a variable holds a secret, by its name or by where a HAProxy configuration uses it.

    `stats auth admin:"$PW"` does: the secret is what another value in its place would be.
    """
    if is_secret_name(name):
        return True
    used = re.compile(rf"\$(?:{re.escape(name)}(?!\w)|\{{{re.escape(name)}(?:-[^}}\n]*|\[\*\])?\}})")
    for line in configuration.split("\n"):
        shown, count = used.subn(_STAND_IN, line)
        if count and redact_configuration(shown).count(_STAND_IN) < count:
            return True
    return False


def redact_text(text: str) -> str:
    """Return a script, unit or environment file without its secrets: as long as before, line for line."""
    found = [*_common_spans(text)]
    for match in _YAML_LINE.finditer(text):
        found += _assigned_span(text, match)
    return _masked(text, found)


def redact_configuration(text: str) -> str:
    """Return a HAProxy configuration without its secrets: as long as before, word for word."""
    found = [*_common_spans(text)]
    at = 0
    for line in text.split("\n"):
        comment = _COMMENT.search(line)
        split = comment.start() if comment else len(line)
        parts = [(0, split), (comment.end(), len(line))] if comment else [(0, split)]
        for start, end in parts:
            words = [m.span() for m in _WORD.finditer(line, start, end)]
            found += [(at + a, at + b) for a, b in _word_spans(line, words)]
        at += len(line) + 1
    return _masked(text, found)


def _common_spans(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_ASSIGNED, _OPTION):
        for match in pattern.finditer(text):
            yield from _assigned_span(text, match)
    for pattern in _SPANS:
        for match in pattern.finditer(text):
            if not _NO_SECRET.fullmatch(match["value"]):
                yield match.span("value")
    opening = _PRIVATE_KEY.search(text)
    while opening:
        closing = _PRIVATE_KEY_END.search(text, opening.end())
        yield opening.end(), closing.start() if closing else len(text)
        opening = _PRIVATE_KEY.search(text, closing.end()) if closing else None


def _assigned_span(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the value of an assignment to a secret's name, without quotes around it or what ends a command."""
    start, end = match.span("value")
    if _HARMLESS_END.search(match["word"].lower()):
        return
    before = _NAME_BEFORE.search(text, max(0, match.start("word") - 64), match.start("word"))
    opening = (before.start() if before else match.start("word")) - 1
    quote = text[opening] if opening >= 0 else ""
    if quote in {'"', "'"} and text[match.end("word")] not in {'"', "'"}:  # "NAME=VALUE WITH SPACES"
        line_end = text.find("\n", start)
        closing = text.find(quote, start, line_end if line_end >= 0 else len(text))
        end = closing if closing >= 0 else end
    else:
        end = start + len(text[start:end].rstrip(";,)}]"))
        if text[start : start + 1] in {'"', "'"} and text.find(text[start], start + 1, end) == end - 1:
            start, end = start + 1, end - 1
    if end > start and not _NO_SECRET.fullmatch(text, start, end):
        yield start, end


def _word_spans(line: str, words: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the secrets that HAProxy's keywords hold, by their place in the line."""
    text = [line[a:b] for a, b in words]
    lower = [w.lower() for w in text]
    found = [*_keyword_secrets(lower), *_pattern_secrets(lower)]
    for index in found:
        if index < len(words) and not _NO_SECRET.fullmatch(text[index]):
            yield words[index]
    if lower[:2] == ["stats", "auth"] and len(words) > 2 and ":" in text[2]:
        closing_quote = text[2][0] in {'"', "'"} and text[2].endswith(text[2][0])
        start, end = text[2].index(":") + 1, len(text[2]) - closing_quote
        if not _NO_SECRET.fullmatch(text[2], start, end):
            yield words[2][0] + start, words[2][0] + end
    for index, word in enumerate(text):
        offset = words[index][0]
        if lower[:2] == ["tcp-check", "send"] and (login := _CHECK_LOGIN.match(word)):
            yield offset + login.start("value"), offset + login.end("value")
        for keyed in _KEYED.finditer(word):
            if not _NO_SECRET.fullmatch(keyed["value"]) and not _VARIABLE.match(keyed["value"]):
                yield offset + keyed.start("value"), offset + keyed.end("value")


def _keyword_secrets(words: Sequence[str]) -> Iterator[int]:
    """Yield the indices of the words that are secrets by the keyword before them."""
    first = words[0] if words else ""
    if first in {"setenv", "presetenv"} and len(words) > 2 and is_secret_name(words[1]):
        yield from range(2, len(words))
    if first in {"cluster-secret", "acme-vars"}:
        yield 1
    after = {
        "user": {"password", "insecure-password"},
        "server": {"password", "secret", "token", "key"},
        "default-server": {"password", "secret", "token", "key"},
    }.get(first, set())
    for index, word in enumerate(words):
        if word in after:
            yield index + 1
        name = words[index + 1].strip("\"'") if index + 1 < len(words) else ""
        is_header = word in {"set-header", "add-header", "replace-header", "replace-value", "hdr"}
        if is_header and is_secret_name(name) and index + 2 < len(words):
            if "%[" not in words[index + 2] or "str(" in words[index + 2]:
                yield index + 2
            if word.startswith("replace-"):
                yield index + 3
        if (
            word.startswith(("set-var(", "set-var-fmt("))
            and is_secret_name(word)
            and name.startswith(("str(", '"str('))
        ):
            yield index + 1


def _pattern_secrets(words: Sequence[str]) -> Iterator[int]:
    """Yield the patterns that an ACL compares a secret header, cookie or parameter with."""
    for index, word in enumerate(words):
        fetch = _FETCH.match(word)
        is_test = index > 0 and (words[index - 1] == "{" or (words[0] == "acl" and index == 2))
        if fetch is None or not is_test or not is_secret_name(fetch["name"]):
            continue
        skip = False
        for at in range(index + 1, len(words)):
            if words[at] in _PATTERN_ENDS:
                break
            if skip or words[at].startswith("-"):
                if words[at - 1 : at + 1] == ["-m", "found"]:
                    break
                skip = not skip and words[at] in _PATTERN_FLAGS_WITH_VALUE
                continue
            yield at


def _masked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    if not spans:
        return text
    pieces: list[str] = []
    at = 0
    for start, end in sorted(spans):
        begin = max(start, at)
        if end <= begin:
            continue
        pieces += [text[at:begin], *("*" if c == " " or not c.isspace() else c for c in text[begin:end])]
        at = end
    return "".join([*pieces, text[at:]])
