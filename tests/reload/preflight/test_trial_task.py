import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.reload.preflight.trial_task import (
    AddressTrial,
    BinderRights,
    NameResult,
    PathResult,
    TrialAnswer,
    TrialTask,
    decode_answer,
    decode_task,
    encode,
)


def test_a_task_and_its_answer_travel_unchanged() -> None:
    task = TrialTask(
        network=4,
        rights=BinderRights(uid=1, gid=2, groups=(3,), capabilities=1 << 40),
        addresses=(AddressTrial(family=1, kind=1, name=b"\0x\xff", interface=b"\xfe"),),
        paths=(b"/run/\xff",),
        names=((b"lb\xff", 6),),
    )
    assert decode_task(encode(task)) == task
    answer = TrialAnswer(paths=(PathResult(kind="socket", inode=1 << 40),), names=(NameResult(error="x"),))
    assert decode_answer(encode(answer)) == answer


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    for decode in (decode_task, decode_answer):
        try:
            decode(data)
        except msgspec.MsgspecError:
            continue


def test_nothing_is_no_answer() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_answer(b"")
