import json
import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from hitless.report.html.markup import Markup, escape, join, json_block, raw, tag


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_text_is_escaped_once() -> None:
    assert escape("<a href='x'>&") == "&lt;a href=&#x27;x&#x27;&gt;&amp;"
    assert escape(escape("<")) == "&lt;"
    assert isinstance(tag("b", "<"), Markup)
    assert tag("p", "1 < 2", tag("b", "&")) == "<p>1 &lt; 2<b>&amp;</b></p>"


def test_attributes() -> None:
    assert (
        tag("td", class_="n", data_t="3", hidden=True, id=None, open=False)
        == '<td class="n" data-t="3" hidden></td>'
    )
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_join_escapes_parts_and_separator() -> None:
    assert join(("<", raw("<b>")), " & ") == "&lt; &amp; <b>"


@given(st.text(st.characters()))
def test_any_text_stays_text(text: str) -> None:
    reader = Reader()
    reader.feed(tag("p", text, title=text))
    reader.close()
    assert reader.elements == ["p"]
    assert list(reader.attributes) == ["title"]
    assert reader.text == reader.attributes["title"]


@given(st.text(st.characters(codec="utf-8")))
def test_json_cannot_leave_its_element(text: str) -> None:
    block = json_block("data", {text: [text]})
    match = re.fullmatch(r'<script type="application/json" id="data">(.*)</script>', block, re.DOTALL)
    assert match is not None
    assert not set(match[1]) & set("<>&")
    assert json.loads(match[1]) == {text: [text]}
