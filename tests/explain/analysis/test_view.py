from hitless.evidence.haproxy_messages import MessageKind
from hitless.explain.analysis.view import QuoteBook
from hitless.explanations import Role
from hitless.logged import LinePlace, OwnMessage
from tests.explain.analysis.views import AT, ending, view


def place(offset: int) -> LinePlace:
    return LinePlace(source=0, offset=offset, size_bytes=0)


def test_each_line_is_quoted_once_and_the_book_is_bounded() -> None:
    book = QuoteBook()
    assert book.add([place(1), place(2), place(1)]) == (0, 1)
    assert book.add([place(2), place(3)]) == (1, 2)
    assert book.add(map(place, range(10)), most=2) == (3, 0)
    for number in range(100, 300):
        book.add([place(number)])
    assert len(book.places) == 60
    assert book.add([place(9999)]) == ()


def test_endings_by_role_and_letter() -> None:
    seen = view(
        view().change.kind,
        ending(Role.OLD, "SC--", 3),
        ending(Role.NEW, "SC--", 4),
        ending(Role.OLD, "KD", 1),
    )
    assert [e.lines for e in seen.matching(Role.OLD, "S")] == [3]
    assert [e.lines for e in seen.matching(Role.OLD, "K", "S")] == [3, 1]


def test_messages_by_kind_and_speaker() -> None:
    messages = [
        OwnMessage(at=AT, place=place(n), kind=kind, text="", pid=pid)
        for n, (kind, pid) in enumerate(
            [(MessageKind.HARD_STOP, 100), (MessageKind.LOADED, 1), (MessageKind.HARD_STOP, 2)]
        )
    ]
    seen = view(messages=messages)
    assert seen.said(MessageKind.LOADED, MessageKind.HARD_STOP) == [place(1), place(0), place(2)]
    assert seen.said(MessageKind.HARD_STOP, pids=(100,)) == [place(0)]
