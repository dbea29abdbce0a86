"""pip is fetched from an index of our own, on loopback."""

import hashlib
import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import fetch_pip
import pytest
from fetch_pip import FetchError, Wheel

DATA = b"the wheel"
SHA256 = hashlib.sha256(DATA).hexdigest()


class Index(BaseHTTPRequestHandler):
    """Serves `pages` by path, and notes what it was asked with."""

    pages: ClassVar[dict[str, tuple[str, bytes]]]
    logins: ClassVar[list[str | None]]
    address: ClassVar[str]

    def do_GET(self) -> None:
        self.logins.append(self.headers["Authorization"])
        if self.path not in self.pages:
            self.send_error(404)
            return
        kind, body = self.pages[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def index() -> Iterator[type[Index]]:
    class Served(Index):
        pages: ClassVar = {"/files/pip-24.0-py3-none-any.whl": ("application/octet-stream", DATA)}
        logins: ClassVar = []

    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        threading.Thread(
            target=server.serve_forever, args=(0.01,)
        ).start()  # how soon it sees that it shall end
        Served.address = f"127.0.0.1:{server.server_address[1]}"
        try:
            yield Served
        finally:
            server.shutdown()


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PIP_CONFIG_FILE", "PIP_CERT", "PIP_PROXY", "XDG_CONFIG_HOME", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def json_page(**changes: object) -> tuple[str, bytes]:
    file = {
        "filename": "pip-24.0-py3-none-any.whl",
        "url": "../../files/pip-24.0-py3-none-any.whl",
        "hashes": {"sha256": SHA256},
        "requires-python": ">=3.7",
        "yanked": False,
    }
    return "application/vnd.pypi.simple.v1+json", json.dumps({"files": [file | changes]}).encode()


def html_page(attributes: str = "") -> tuple[str, bytes]:
    href = f"../../files/pip-24.0-py3-none-any.whl#sha256={SHA256}"
    page = f'<!DOCTYPE html><a href="{href}" data-requires-python="&gt;=3.7" {attributes}>pip-24.0-py3-none-any.whl</a>'
    return "text/html", page.encode()


@pytest.mark.parametrize("page", [json_page(), html_page()], ids=["json", "html"])
def test_the_wheel_is_found_checked_and_kept(
    index: type[Index], page: tuple[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.pages["/root/simple/pip/"] = page
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{index.address}/root/simple/")
    index.pages["/root/files/pip-24.0-py3-none-any.whl"] = index.pages["/files/pip-24.0-py3-none-any.whl"]
    path = fetch_pip.download(tmp_path)
    assert path == tmp_path / "pip-24.0-py3-none-any.whl"
    assert path.read_bytes() == DATA
    assert index.logins == [None, None]


def test_credentials_are_sent_to_the_index_and_shown_to_nobody(
    index: type[Index], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.pages["/simple/pip/"] = json_page()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:p%40ss@{index.address}/simple")
    fetch_pip.download(tmp_path)
    assert [b64decode((login or "").removeprefix("Basic ")) for login in index.logins] == [b"me:p@ss"] * 2
    del index.pages["/simple/pip/"]
    with pytest.raises(FetchError) as caught:
        fetch_pip.download(tmp_path)
    assert "ss@" not in str(caught.value)
    assert "404" in str(caught.value)


def test_credentials_do_not_follow_to_another_host() -> None:
    request = fetch_pip.make_request(
        "https://files.example.org/x.whl", "https://me:pass@index.example.org/simple/pip/"
    )
    assert not request.has_header("Authorization")
    assert request.full_url == "https://files.example.org/x.whl"


def test_a_wheel_that_is_not_what_the_index_says_is_refused(
    index: type[Index], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.pages["/simple/pip/"] = json_page()
    index.pages["/files/pip-24.0-py3-none-any.whl"] = ("application/octet-stream", b"another wheel")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{index.address}/simple")
    with pytest.raises(FetchError, match="SHA-256 differs"):
        fetch_pip.download(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(json_page(hashes={}), id="no hash"),
        pytest.param(json_page(yanked="broken"), id="yanked"),
        pytest.param(html_page("data-yanked"), id="yanked in HTML"),
        pytest.param(json_page(**{"requires-python": ">=3.99"}), id="another Python"),
        pytest.param(json_page(**{"requires-python": "!=3.0"}), id="a form not known"),
        pytest.param(json_page(filename="pip-24.0.tar.gz"), id="no wheel"),
        pytest.param(json_page(filename="pip-24.0b1-py3-none-any.whl"), id="no release"),
        pytest.param(("text/html", b"<a>no href</a><a href='x'>"), id="nothing"),
    ],
)
def test_what_cannot_be_used_is_not_taken(
    index: type[Index], page: tuple[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.pages["/simple/pip/"] = page
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{index.address}/simple")
    with pytest.raises(FetchError, match="no usable wheel"):
        fetch_pip.download(tmp_path)


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b"[]", b'{"files": [1]}', b'{"files": [{"filename": "x"}]}']
)
def test_another_page_is_no_index(body: bytes) -> None:
    with pytest.raises(FetchError, match="no page of a package index"):
        fetch_pip.read_page(body, "application/vnd.pypi.simple.v1+json", "https://index.example.org/pip/")


def test_the_newest_release_wins_by_number() -> None:
    wheels = [Wheel(f"pip-{v}-py3-none-any.whl", "u", "s") for v in ("9.0.1", "24.3.1", "24.10", "24.2")]
    assert fetch_pip.choose(wheels, (3, 11)).version == (24, 10)


def test_nobody_there_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    with pytest.raises(FetchError, match="PIP_INDEX_URL"):
        fetch_pip.download(tmp_path)


def test_other_schemes_are_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "file:///etc")
    with pytest.raises(FetchError, match="not an address that can be fetched"):
        fetch_pip.download(tmp_path)


def test_settings_come_from_pips_files_and_the_environment_wins(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(
        "[global]\nindex-url = https://a.example/simple\ncert = /ca.pem\n[install]\nindex-url = https://b.example/simple\n"
    )
    environment = {"HOME": str(home), "PIP_PROXY": "http://proxy:3128"}
    settings = fetch_pip.read_settings(environment)
    assert settings["index-url"] == "https://b.example/simple"
    assert settings["cert"] == "/ca.pem"
    assert settings["proxy"] == "http://proxy:3128"
    assert (
        fetch_pip.read_settings(environment | {"PIP_INDEX_URL": "https://c.example"})["index-url"]
        == "https://c.example"
    )


def test_a_broken_settings_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "pip.conf"
    broken.write_text("no section\n")
    with pytest.raises(FetchError, match=str(broken)):
        fetch_pip.read_settings({"PIP_CONFIG_FILE": str(broken)})


def test_certificates_that_cannot_be_read_are_named() -> None:
    with pytest.raises(FetchError, match="/nonexistent/ca"):
        fetch_pip.make_opener({"cert": "/nonexistent/ca.pem"})
