from hitless.sandbox import world


def test_every_public_name_exists() -> None:
    assert [name for name in world.__all__ if not hasattr(world, name)] == []
