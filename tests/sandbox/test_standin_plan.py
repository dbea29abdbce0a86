from hitless.sandbox.standin_plan import Content, StandInPlan


def test_the_record_names_what_stands_in_for_what_and_where() -> None:
    record = StandInPlan(Content.MAP, "map", "/etc/x.map", "h.cfg:7", "an empty map").record()
    assert (record.kind, record.name, record.where, record.what) == (
        "map",
        "/etc/x.map",
        "h.cfg:7",
        "an empty map",
    )
