"""Commands of a unit that are written anew."""

from hitless.audit.unit_commands import replaced_commands
from hitless.facts import ExecCommand, FileText
from hitless.host.unit_files import read_unit_files

TEXT = """[Service]
ExecReload=/usr/sbin/haproxy -c -q -f $CONFIG
ExecReload=/bin/kill -USR2 $MAINPID
"""


def test_a_list_is_taken_back_and_given_again() -> None:
    unit = read_unit_files("haproxy.service", (FileText(path="/u", text=TEXT),))
    texts = ["/usr/sbin/haproxy -c -f $CONFIG", unit.reload[1].text]
    edit = replaced_commands(unit.name, "ExecReload", unit.reload, texts)
    drop_in = FileText(path="/d.conf", text="[Service]\n" + "\n".join(edit.lines) + "\n")
    after = read_unit_files(unit.name, (*unit.files, drop_in))
    assert [command.text for command in after.reload] == texts


def test_nothing_is_taken_back_where_nothing_stood() -> None:
    assert replaced_commands("u", "ExecReload", (), ["/x"]).lines == ("ExecReload=/x",)
    assert replaced_commands("u", "ExecReload", (ExecCommand(("/x",), "/x"),), ()).lines == ("ExecReload=",)
