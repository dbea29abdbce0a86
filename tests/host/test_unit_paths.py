from pathlib import Path

from hitless.host.root import HostRoot
from hitless.host.unit_paths import (
    find_services,
    is_masked,
    read_environment_files,
    read_files,
    unit_file_paths,
)

ETC = "etc/systemd/system"
LIB = "usr/lib/systemd/system"


def tree(directory: Path, *paths: str) -> HostRoot:
    for path in paths:
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"# {path}\n", encoding="utf-8")
    return HostRoot(directory, live=False)


def link(directory: Path, path: str, target: str) -> None:
    (directory / path).parent.mkdir(parents=True, exist_ok=True)
    (directory / path).symlink_to(target)


def test_the_first_directory_wins_and_names_sort_drop_ins(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        f"{LIB}/haproxy.service",
        f"{ETC}/haproxy.service",
        f"{LIB}/haproxy.service.d/10-a.conf",
        f"{LIB}/haproxy.service.d/20-b.conf",
        f"{ETC}/haproxy.service.d/20-b.conf",
        f"{ETC}/haproxy.service.d/05-c.conf",
        f"{ETC}/haproxy.service.d/readme.txt",
        f"{ETC}/service.d/15-all.conf",
        f"{ETC}/service.d/10-a.conf",
    )
    assert unit_file_paths(root, "haproxy.service") == [
        *(
            f"/{ETC}/haproxy.service",
            f"/{ETC}/haproxy.service.d/05-c.conf",
            f"/{LIB}/haproxy.service.d/10-a.conf",
        ),
        *(f"/{ETC}/service.d/15-all.conf", f"/{ETC}/haproxy.service.d/20-b.conf"),
    ]


def test_a_merged_usr_is_seen_once(tmp_path: Path) -> None:
    root = tree(tmp_path, f"{LIB}/haproxy.service", f"{LIB}/haproxy.service.d/a.conf")
    link(tmp_path, "lib", "usr/lib")
    assert unit_file_paths(root, "haproxy.service") == [
        f"/{LIB}/haproxy.service",
        f"/{LIB}/haproxy.service.d/a.conf",
    ]
    assert find_services(root, ("haproxy*",)) == ["haproxy.service"]


def test_masks(tmp_path: Path) -> None:
    root = tree(tmp_path, f"{LIB}/haproxy.service", f"{LIB}/haproxy.service.d/a.conf")
    link(tmp_path, f"{ETC}/haproxy.service", "/dev/null")
    link(tmp_path, f"{ETC}/haproxy.service.d/a.conf", "/dev/null")
    assert unit_file_paths(root, "haproxy.service") == [f"/{ETC}/haproxy.service"]
    assert is_masked(root, f"/{ETC}/haproxy.service")
    assert read_files(root, [f"/{ETC}/haproxy.service"]) == ([], [])


def test_instances_aliases_and_prefixes(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        f"{LIB}/haproxy@.service",
        f"{LIB}/haproxy-edge.service",
        f"{LIB}/nginx.service",
        f"{ETC}/haproxy@c.service.d/x.conf",
        f"{ETC}/haproxy@.service.d/y.conf",
        f"{ETC}/haproxy-.service.d/z.conf",
    )
    link(tmp_path, f"{ETC}/multi-user.target.wants/haproxy@a.service", f"/{LIB}/haproxy@.service")
    link(tmp_path, f"{ETC}/haproxy-lb.service", f"/{LIB}/haproxy-edge.service")
    assert find_services(root, ("haproxy*",)) == [
        "haproxy-edge.service",
        "haproxy@a.service",
        "haproxy@c.service",
    ]
    assert unit_file_paths(root, "haproxy@c.service") == [
        *(
            f"/{LIB}/haproxy@.service",
            f"/{ETC}/haproxy@c.service.d/x.conf",
            f"/{ETC}/haproxy@.service.d/y.conf",
        ),
    ]
    assert unit_file_paths(root, "haproxy-edge.service")[1:] == [f"/{ETC}/haproxy-.service.d/z.conf"]


def test_a_template_without_instances_is_told(tmp_path: Path) -> None:
    assert find_services(tree(tmp_path, f"{LIB}/haproxy@.service"), ("haproxy*",)) == ["haproxy@.service"]


def test_an_alias_that_alone_matches_stays(tmp_path: Path) -> None:
    root = tree(tmp_path, f"{LIB}/lb.service")
    link(tmp_path, f"{ETC}/haproxy.service", f"/{LIB}/lb.service")
    assert find_services(root, ("haproxy*",)) == ["haproxy.service"]


def test_environment_files(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/a.env").write_text("A=1\nB=1\n", encoding="utf-8")
    (tmp_path / "etc/b.env").write_text("B=2\n", encoding="utf-8")
    (tmp_path / "etc/d").mkdir()
    assert read_environment_files(root, ["/etc/*.env", "/etc/none"]) == ({"A": "1", "B": "2"}, [])
    _, unknown = read_environment_files(root, ["/etc/d"])
    assert [u.what for u in unknown] == ["environment file /etc/d"]


def test_an_empty_tree(tmp_path: Path) -> None:
    root = tree(tmp_path)
    assert find_services(root, ("haproxy*",)) == []
    assert unit_file_paths(root, "haproxy.service") == []
    assert unit_file_paths(root, "x") == []


def test_secrets_of_unit_files_are_hidden(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (tmp_path / "u").write_text("[Service]\nEnvironment=TOKEN=abc\n", encoding="utf-8")
    files, _ = read_files(root, ["/u", "/none"])
    assert files[0].text == "[Service]\nEnvironment=TOKEN=***\n"
