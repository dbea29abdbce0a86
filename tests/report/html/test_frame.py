import base64
import hashlib

from hitless.report.html.frame import document, read_asset
from hitless.report.html.markup import tag


def test_only_the_pages_own_script_may_run() -> None:
    script = "let a = 1;"
    page = document("t", tag("main"), tag("footer"), style="p {}", script=script)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#x27;sha256-{digest}&#x27;; " in page
    assert page.endswith(f"<body><main></main><footer></footer><script>{script}</script></body></html>\n")


def test_a_page_without_a_script_allows_none() -> None:
    page = document("<t>", tag("main"), tag("footer"), style="p {}")
    assert "script-src &#x27;none&#x27;; " in page
    assert "<script" not in page
    assert "<title>&lt;t&gt;</title><style>p {}</style>" in page


def test_assets_fetch_nothing() -> None:
    for name in ("report.css", "explain.css"):
        text = read_asset(name)
        assert "url(" not in text
        assert "@import" not in text
