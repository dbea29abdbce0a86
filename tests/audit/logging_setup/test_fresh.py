import pytest

from hitless.audit.logging_setup.formats import Form
from hitless.audit.logging_setup.fresh import CONFIGURATION_PATH, fresh_files
from hitless.audit.logging_setup.plan import LoggingChoice
from hitless.audit.logging_setup.receivers import LOGROTATE_PATH, RSYSLOG_PATH, Receiver
from tests.audit.logging_setup.subjects import edited


@pytest.mark.parametrize("form", Form)
def test_what_is_written_needs_no_edit(form: Form) -> None:
    text = fresh_files(LoggingChoice(form))[CONFIGURATION_PATH] + "frontend f\n    bind :80\n"
    assert edited(text, form) == text


def test_the_receiver_is_the_one_chosen() -> None:
    assert set(fresh_files(LoggingChoice())) == {CONFIGURATION_PATH, RSYSLOG_PATH, LOGROTATE_PATH}
    (_, drop_in) = fresh_files(LoggingChoice(receiver=Receiver.JOURNALD))
    assert drop_in.endswith("/haproxy.service.d/90-hitless.conf")


def test_the_chroot_is_the_usual_one_or_the_one_said() -> None:
    usual, none = fresh_files(LoggingChoice()), fresh_files(LoggingChoice(chroot=""))
    assert "    chroot /var/lib/haproxy\n" in usual[CONFIGURATION_PATH]
    assert "chroot " not in none[CONFIGURATION_PATH]
    assert "input(" not in none[RSYSLOG_PATH]
