import os
from pathlib import Path

import pytest

from hitless.config.files import read_files
from hitless.errors import ConfigError


def test_files_and_directories_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "conf.d"
    folder.mkdir()
    for name in ("b.cfg", "a.cfg", ".hidden.cfg", "c.cfg.bak", "d.cfg.cfg", "B.cfg"):
        (folder / name).write_bytes(b"# " + name.encode() + b"\n")
    (folder / "dir.cfg").mkdir()
    single = tmp_path / "main.txt"
    single.write_bytes(b"global\n")
    files = read_files([str(single), f"{folder}/"])
    assert [f.filename for f in files] == [str(single), *(f"{folder}//{n}.cfg" for n in ("B", "a", "b"))]
    assert files[0].to_bytes() == b"global\n"


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"global\n")
    (tmp_path / "link").symlink_to("real")
    assert read_files([str(tmp_path / "link")])[0].to_bytes() == b"global\n"


def test_the_limit_is_for_all_files_together(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"#" * 60)
    (tmp_path / "b").write_bytes(b"#" * 60)
    paths = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert len(read_files(paths, limit_bytes=120)) == 2
    with pytest.raises(ConfigError, match="more than"):
        read_files(paths, limit_bytes=119)


def test_what_cannot_be_read_is_an_error_with_a_hint(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    broken = tmp_path / "broken.d"
    broken.mkdir()
    (broken / "gone.cfg").symlink_to("nowhere")
    cases = {
        str(tmp_path / "missing"): "No such file",
        str(tmp_path / "pipe"): "is a pipe",
        "/dev/zero": "is a device",
        str(broken): "gone.cfg: No such file",
        "a\x00b": "null byte",
    }
    for path, message in cases.items():
        with pytest.raises(ConfigError, match=message) as caught:
            read_files([path])
        assert caught.value.hint
        assert caught.value.exit_code == 2
