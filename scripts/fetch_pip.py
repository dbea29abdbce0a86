"""Download pip's wheel from the package index that this machine is configured for.

Honours what pip itself honours: PIP_INDEX_URL, PIP_CERT, PIP_PROXY and the `index-url`, `cert` and `proxy` of pip's
configuration files, SSL_CERT_FILE, REQUESTS_CA_BUNDLE and the usual proxy variables. The index answers as JSON
(PEP 691) or HTML (PEP 503); a file without a SHA-256 is not taken.
"""

import base64
import configparser
import hashlib
import html.parser
import json
import os
import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_INDEX = "https://pypi.org/simple"
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2"
PAGE_LIMIT_BYTES = 32 * 1024 * 1024
WHEEL_LIMIT_BYTES = 16 * 1024 * 1024
TIMEOUT_S = 60.0
WHEEL_NAME = re.compile(r"pip-(\d+(?:\.\d+)+)-py3-none-any\.whl", re.ASCII)


class FetchError(Exception):
    """The index could not be reached, or has no pip that can be trusted."""


@dataclass(frozen=True)
class Wheel:
    """One wheel that an index offers."""

    name: str
    url: str
    sha256: str
    requires_python: str = ""
    yanked: bool = False

    @property
    def version(self) -> tuple[int, ...]:
        """The version in its name, () for what is no release of pip."""
        match = WHEEL_NAME.fullmatch(self.name)
        return tuple(map(int, match[1].split("."))) if match else ()


def download(directory: Path) -> Path:
    """Put pip's newest wheel for this Python into a directory and return its path.

    Raises: FetchError.
    """
    settings = read_settings(os.environ)
    page_url = f"{settings.get('index-url', DEFAULT_INDEX).rstrip('/')}/pip/"
    opener = make_opener(settings)
    body, content_type, final_url = fetch(opener, page_url, PAGE_LIMIT_BYTES, page_url)
    wheel = choose(read_page(body, content_type, final_url), sys.version_info[:2])
    data, _, _ = fetch(opener, wheel.url, WHEEL_LIMIT_BYTES, page_url)
    if hashlib.sha256(data).hexdigest() != wheel.sha256:
        raise FetchError(f"{wheel.name} is not what the index says it is (SHA-256 differs)")
    path = directory / wheel.name
    path.write_bytes(data)
    return path


def read_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `index-url`, `cert` and `proxy` as pip would see them: environment over user's over system's file."""
    home = Path(environment.get("HOME", "/nonexistent"))
    user = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", user / "pip" / "pip.conf"]
    if "PIP_CONFIG_FILE" in environment:
        files.append(Path(environment["PIP_CONFIG_FILE"]))
    parser = configparser.RawConfigParser()
    try:
        parser.read(files, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise FetchError(f"pip's configuration cannot be read: {error}") from error
    settings = {}
    for key in ("index-url", "cert", "proxy"):
        for section in ("global", "install"):
            if parser.has_option(section, key):
                settings[key] = parser.get(section, key)
        value = environment.get("PIP_" + key.upper().replace("-", "_"))
        if value:
            settings[key] = value
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if environment.get(name):
            settings.setdefault("cert", environment[name])
    return settings


def make_opener(settings: dict[str, str]) -> urllib.request.OpenerDirector:
    """Return an opener with the machine's certificates (SSL_CERT_FILE is OpenSSL's own matter) and proxies."""
    try:
        context = ssl.create_default_context(cafile=settings.get("cert"))
    except (OSError, ssl.SSLError) as error:
        raise FetchError(f"the certificates in {settings.get('cert')} cannot be read: {error}") from error
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
    if "proxy" in settings:
        handlers.append(urllib.request.ProxyHandler(dict.fromkeys(("http", "https"), settings["proxy"])))
    return urllib.request.build_opener(*handlers)


def fetch(
    opener: urllib.request.OpenerDirector, url: str, limit_bytes: int, index: str
) -> tuple[bytes, str, str]:
    """Return the body, the content type and the final address of a URL; credentials go to the index's host alone."""
    request = make_request(url, index)
    shown = without_credentials(url)
    try:
        with opener.open(request, timeout=TIMEOUT_S) as reply:
            body = reply.read(limit_bytes + 1)
            kind, final_url = reply.headers.get_content_type(), reply.geturl()
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchError(f"{shown}: {error}") from error
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise FetchError(f"{shown}: {error}{explain(error)}") from error
    if len(body) > limit_bytes:
        raise FetchError(f"{shown} is longer than {limit_bytes} bytes")
    return body, kind, final_url


def make_request(url: str, index: str) -> urllib.request.Request:
    """Return the request for a URL, its credentials (or, on the same host, the index's) as a header of their own."""
    parts, home = urllib.parse.urlsplit(url), urllib.parse.urlsplit(index)
    if parts.scheme not in {"http", "https"}:
        raise FetchError(f"not an address that can be fetched: {without_credentials(url)}")
    request = urllib.request.Request(without_credentials(url), headers={"Accept": ACCEPT})  # noqa: S310 - checked above
    same_host = parts.netloc.rpartition("@")[2] == home.netloc.rpartition("@")[2]
    login = parts if parts.username or not same_host else home
    if login.username:
        words = f"{urllib.parse.unquote(login.username)}:{urllib.parse.unquote(login.password or '')}"
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(words.encode()).decode())
    return request


def without_credentials(url: str) -> str:
    """Return a URL that may be shown and sent."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def explain(error: Exception) -> str:
    """Return what a person can do about a failure, where we know."""
    if isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
        return "\n(no certificates here? apt-get install ca-certificates, or set SSL_CERT_FILE)"
    if isinstance(error, urllib.error.URLError):
        return "\n(behind a proxy, or an index of your own? set https_proxy or PIP_INDEX_URL, or install python3-venv)"
    return ""


def read_page(body: bytes, content_type: str, url: str) -> list[Wheel]:
    """Return the files that a page of an index lists."""
    text = body.decode("utf-8", "replace")
    if content_type.endswith("json"):
        return read_json_page(text, url)
    page = LinkPage(url)
    page.feed(text)
    page.close()
    return page.wheels


def read_json_page(text: str, url: str) -> list[Wheel]:
    """Read a page in the form of PEP 691."""
    try:
        return [
            Wheel(
                name=str(file["filename"]),
                url=urllib.parse.urljoin(url, str(file["url"])),
                sha256=str(file["hashes"].get("sha256", "")),
                requires_python=str(file.get("requires-python") or ""),
                yanked=bool(file.get("yanked")),
            )
            for file in json.loads(text)["files"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FetchError(f"{without_credentials(url)} is no page of a package index: {error!r}") from error


class LinkPage(html.parser.HTMLParser):
    """A page in the form of PEP 503: anchors whose fragment is the hash."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.wheels: list[Wheel] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an anchor."""
        attributes = dict(attrs)
        href = attributes.get("href")
        if tag != "a" or not href:
            return
        url, fragment = urllib.parse.urldefrag(urllib.parse.urljoin(self._url, href))
        sha256 = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else ""
        name = urllib.parse.unquote(urllib.parse.urlsplit(url).path.rpartition("/")[2])
        requires = attributes.get("data-requires-python") or ""
        self.wheels.append(Wheel(name, url, sha256, requires, "data-yanked" in attributes))


def choose(wheels: list[Wheel], python: tuple[int, int]) -> Wheel:
    """Return the newest release that runs on this Python and carries its hash."""
    usable = [
        w for w in wheels if w.version and w.sha256 and not w.yanked and runs_on(w.requires_python, python)
    ]
    if not usable:
        raise FetchError(f"the index has no usable wheel of pip among its {len(wheels)} files")
    return max(usable, key=lambda wheel: wheel.version)


def runs_on(requires_python: str, python: tuple[int, int]) -> bool:
    """Return whether a Requires-Python of the form ">=3.N" (pip's only one) holds; another form is not trusted."""
    if not requires_python:
        return True
    match = re.fullmatch(r">=\s*(\d+)\.(\d+)(?:\.0)?", requires_python.strip(), re.ASCII)
    return match is not None and python >= (int(match[1]), int(match[2]))
