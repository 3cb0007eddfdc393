"""Tests of `polytier.record.paths`, and of what `polytier.record` itself offers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

import polytier.record
from polytier.errors import FileFormatError, StorageError
from polytier.record import host_id, user_directory, user_table
from polytier.record.paths import _data_home

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs itself is asked")


@linux
@pytest.mark.parametrize("home", ["/home/me", "relative", ""])
@pytest.mark.parametrize("data", ["/data", "relative", ""])
def test_the_place_is_the_one_that_platformdirs_names(home: str, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule written out for Linux and platformdirs agree, whatever the environment says."""
    monkeypatch.setenv("HOME", home)
    monkeypatch.setenv("XDG_DATA_HOME", data)
    assert _data_home() == platformdirs.user_data_path()
    assert _data_home("darwin") == platformdirs.user_data_path()


def test_the_users_files_lie_by_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One home shared by several kinds of hosts keeps their tables apart."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert user_directory() == tmp_path / "polytier" / "hosts" / host_id()
    assert user_table() == user_directory() / "dispatch.toml"
    assert not user_directory().exists()


def test_a_user_without_a_home_has_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no home can be found calls go on without a table, and measuring says what to do."""

    def homeless(system: str = "") -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(polytier.record.paths, "_data_home", homeless)
    assert user_table() is None
    with pytest.raises(StorageError, match=r"(?s)user's data directory.*could not determine.*hint: choose a writable"):
        user_directory()


@pytest.mark.parametrize("text", ["host =", "format = 99", None])
def test_what_to_do_about_a_bad_table_depends_on_whose_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    """One's own is measured anew, a named one is mended or not named, the shipped one is installed anew."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    own = user_directory() / "dispatch.toml"
    own.parent.mkdir(parents=True)
    named = tmp_path / "ranks.toml"
    monkeypatch.setenv("POLYTIER_TABLE", str(named))
    for path in (own, named):
        if text:
            path.write_text(text)
    wanted = {
        own: "write it anew with `polytier measure`, or remove it",
        named: "mend the file, or unset POLYTIER_TABLE",
        tmp_path / "other.toml": "write it anew with `polytier rank` or `polytier measure`",
    }
    for path, remedy in wanted.items():
        with pytest.raises(FileFormatError) as caught:
            polytier.record.read_table(path)
        assert str(caught.value).partition("\nhint: ")[2].endswith(remedy)
        assert str(caught.value).count("hint: ") == 1


def test_a_bad_shipped_table_is_installed_anew() -> None:
    """The table inside the package came with it."""
    shipped = Path(polytier.record.paths.__file__).parents[1] / "dispatch.toml"
    with pytest.raises(FileFormatError, match=r"\nhint: update polytier; reinstall polytier: the file came with it$"):
        polytier.record.parse_table('format = 9\nhost = "test"\n', shipped)


def test_every_public_name_is_there() -> None:
    """What the package lists it has, from the module that defines it."""
    for name in polytier.record.__all__:
        assert getattr(polytier.record, name).__module__.startswith("polytier.record.")
    with pytest.raises(AttributeError, match="nothing"):
        _ = polytier.record.nothing


def test_the_package_loads_a_module_when_it_is_used() -> None:
    """Importing the package alone loads none of its modules."""
    code = "import sys, polytier.record; print([name for name in sys.modules if name.startswith('polytier.record.')])"
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert fresh.stdout == "[]\n"
