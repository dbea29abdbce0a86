from hitless.config.environment import apply_directive, initial_variables


def test_haproxy_adds_its_own() -> None:
    variables = initial_variables({"X": "1"}, (2, 8, 25))
    assert variables[b"X"] == b"1"
    assert variables[b"HAPROXY_BRANCH"] == b"2.8"
    assert variables[b"HAPROXY_HTTP_LOG_FMT"].endswith(b"%{+Q}r")


def test_lines_of_global_change_what_follows() -> None:
    variables = {b"A": b"1", b"B": b"2", b".LINE": b"3"}
    apply_directive(variables, [b"setenv", b"A", b"9"])
    apply_directive(variables, [b"presetenv", b"B", b"9"])
    apply_directive(variables, [b"presetenv", b"C", b"5"])
    assert variables == {b"A": b"9", b"B": b"2", b"C": b"5", b".LINE": b"3"}
    apply_directive(variables, [b"unsetenv", b"C", b"NOPE"])
    apply_directive(variables, [b"resetenv", b"B"])
    assert variables == {b"B": b"2", b".LINE": b"3"}
    apply_directive(variables, [b"localpeer", b"lb1"])
    assert variables[b"HAPROXY_LOCALPEER"] == b"lb1"
    apply_directive(variables, [b"setenv", b"B"])
    assert variables[b"B"] == b"2"
