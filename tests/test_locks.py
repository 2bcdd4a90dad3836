"""The locks install on a new machine, whatever an index offers by then."""

import hashlib
import re
import subprocess
import sys
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("runtime.lock", "test.lock")


def pinned(lock: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / lock).read_text().splitlines()
    return dict(line.split()[0].split("==") for line in lines if re.match(r"^[A-Za-z0-9]", line))


def wheel(directory: Path, name: str, version: str) -> str:
    """An empty wheel that requires what the real distribution requires; its sha256."""
    told = metadata.metadata(name)
    requires = [f"Requires-Dist: {each}" for each in metadata.requires(name) or []]
    extras = [f"Provides-Extra: {each}" for each in told.get_all("Provides-Extra") or []]
    stem = f"{re.sub(r'[-_.]+', '_', name)}-{version}"
    path = directory / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *requires, *extras]
        archive.writestr(f"{stem}.dist-info/METADATA", "\n".join(head) + "\n")
        archive.writestr(
            f"{stem}.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def install_commands() -> list[list[str]]:
    """What `make setup-test` does with the locks, without doing it."""
    told = subprocess.run(
        ["make", "-n", "-B", "setup-test"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [line.split() for line in told if "-r requirements/" in line]


@pytest.fixture(scope="module")
def newer_index(tmp_path_factory):
    """Wheels of every pinned version and of a newer one, and locks that pin the former by their hashes."""
    root = tmp_path_factory.mktemp("index")
    (root / "wheels").mkdir()
    (root / "requirements").mkdir()
    digests = {name: wheel(root / "wheels", name, version) for name, version in pinned("test.lock").items()}
    for lock in LOCKS:
        lines = [f"{name}=={version} --hash=sha256:{digests[name]}\n" for name, version in pinned(lock).items()]
        (root / "requirements" / lock).write_text("".join(lines))
    for name, version in pinned("test.lock").items():
        wheel(root / "wheels", name, f"{version}.1")
    return root


@pytest.mark.timeout(600)
def test_the_locks_install_where_an_index_offers_newer_versions(newer_index):
    venv.create(newer_index / ".venv", with_pip=True)
    commands = install_commands()
    assert [command[-1] for command in commands] == [f"requirements/{lock}" for lock in LOCKS]
    for command in commands:
        offline = [*command, "--no-index", "--find-links", "wheels"]
        done = subprocess.run(offline, cwd=newer_index, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run(
        [".venv/bin/pip", "freeze", "--all"], cwd=newer_index, capture_output=True, text=True
    ).stdout
    installed = dict(line.split("==") for line in listed.splitlines() if "==" in line)
    assert {name: installed.get(name) for name in pinned("test.lock")} == pinned("test.lock")


def test_a_resolver_would_have_refused_them(newer_index):
    """The test above can fail: with pip's resolver, a requirement with an extra is looked up among all versions."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--require-hashes", "--target", "elsewhere"]
    command += ["--no-index", "--find-links", "wheels", "-r", "requirements/test.lock"]
    done = subprocess.run(command, cwd=newer_index, capture_output=True, text=True)
    if done.returncode == 0:
        pytest.skip("this pip's resolver takes pinned versions for extras, too")
    assert "==" in done.stderr


def test_the_locks_are_complete():
    """What is installed with --no-deps lacks nothing: as pip itself says."""
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_what_is_installed_is_what_the_lock_says():
    assert {name: metadata.version(name) for name in pinned("test.lock")} == pinned("test.lock")


def test_duckdb_is_only_imported_by_its_reader():
    """In the process of the tests it would end every run with hundreds of lines on leaks."""
    found = [
        path.name for path in (ROOT / "tests").rglob("*.py") if re.search(r"^\s*import duckdb", path.read_text(), re.M)
    ]
    assert found == ["duckdb_reader.py"]
