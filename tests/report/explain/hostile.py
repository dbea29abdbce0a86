"""An explanation in which everything that comes from outside is an attack."""

from msgspec.structs import replace

from hitless.explanations import Explanation, Fault, FaultKind, Group, NotKnown, Quote
from tests.explain.stories import story

ATTACK = "\x1b[2J\x07<script>alert(1)</script>|`\u202e@admin www.evil.example\r\n## x"


def hostile() -> Explanation:
    """Return it."""
    explanation = story("3.2.log", "3.2.stderr")
    events = tuple(
        replace(
            event,
            change=replace(event.change, notes=(ATTACK,), reason=ATTACK, host=ATTACK),
            quotes=tuple(Quote(source=ATTACK, offset=0, text=ATTACK) for _ in event.quotes),
            groups=(Group(by="client", name=ATTACK, lines=1),),
            headline=f"reload: {ATTACK}",
            not_known=(NotKnown(what=ATTACK, line=ATTACK, where="global"),),
            causes=tuple(
                replace(c, evidence=tuple(replace(s, text=ATTACK) for s in c.evidence)) for c in event.causes
            ),
        )
        for event in explanation.events
    )
    inputs = tuple(replace(read, name=ATTACK, notes=(ATTACK,)) for read in explanation.inputs)
    fault = Fault(
        kind=FaultKind.INVALID_REQUEST,
        what=ATTACK,
        first_ns=explanation.first_ns,
        last_ns=explanation.last_ns,
        frontend=ATTACK,
        clients=(ATTACK,),
        quotes=(Quote(source=ATTACK, offset=0, text=ATTACK),),
    )
    explanation = replace(explanation, faults=(fault,))
    return replace(explanation, events=events, inputs=inputs, story=(ATTACK, ATTACK), notes=(ATTACK,))


def controls(text: str) -> set[str]:
    """Return the characters in a text that no output may have."""
    return {c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c == "\u202e"}
