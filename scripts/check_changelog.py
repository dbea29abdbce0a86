"""Check that version and changelog agree and that the fragments in changelog.d are well named and not empty."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TYPES = ("risk", "feature", "change", "fix")
FRAGMENT = re.compile(rf"[a-z0-9][a-z0-9-]*\.({'|'.join(TYPES)})\.md", re.ASCII)


def find_problems(root: Path) -> list[str]:
    """Return what is wrong, one sentence each."""
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    problems = []
    if f'__version__ = "{version}"\n' not in (root / "src" / "hitless" / "__init__.py").read_text():
        problems.append(f"hitless.__version__ is not {version}, the version of pyproject.toml")
    entries = re.findall(r"^## (\S+)", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    if entries[:1] != [version]:
        problems.append(f"CHANGELOG.md does not begin with an entry for {version}")
    for fragment in sorted((root / "changelog.d").iterdir()):
        if fragment.name == "README.md":
            continue
        if not FRAGMENT.fullmatch(fragment.name):
            problems.append(f"changelog.d/{fragment.name} is not named <id>.<{'|'.join(TYPES)}>.md")
        elif not fragment.read_text().strip():
            problems.append(f"changelog.d/{fragment.name} says nothing")
    return problems


if __name__ == "__main__":
    found = find_problems(ROOT)
    print("\n".join(found) or "version and changelog agree")
    sys.exit(1 if found else 0)
