"""Sessions that are refused before anything is measured."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from helpers_measure import MODULE, SHORT, install_pack

from polytier.errors import DeclarationError, MeasureBusyError, PolytierWarning, StorageError
from polytier.kernels.declaration import Case, Kernel
from polytier.kernels.tolerance import Tolerance
from polytier.measure import Progress, run, session
from polytier.measure.lock import locked
from polytier.measure.session import TABLE
from polytier.record.host import HostFacts
from polytier.record.records import read_record, write_record
from polytier.record.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Installer


@pytest.fixture
def kernels(install_tier: Installer, monkeypatch: pytest.MonkeyPatch) -> dict[str, Kernel]:
    """Install the kernels that are measured here, briefly."""
    monkeypatch.setattr(session, "FULL", SHORT)
    return install_pack(install_tier)


def never(progress: Progress) -> None:
    """Fail: nothing may be measured."""
    raise AssertionError(progress)


def test_a_bad_record_of_another_kernel_is_left_out(kernels: dict[str, Kernel], tmp_path: Path) -> None:
    """A record that is malformed, of another host or misnamed has no place in the table, and stops nobody."""
    (record,) = run([kernels["pack_double"]], [], output=tmp_path)
    path = tmp_path / "pack_double.json"
    write_record(dataclasses.replace(record, host=HostFacts("other-host", record.host.facts)), path)
    with pytest.warns(PolytierWarning, match=r"host\.id: it is of host 'other-host', this is '") as warned:
        run([kernels["pack_again"]], [], output=tmp_path)
    (told,) = (str(warning.message) for warning in warned)
    assert told.startswith(f"rank 'pack_double': the table is written without it, for read record {str(path)!r}: ")
    assert told.partition("\nhint: ")[2] == (
        "`polytier measure --kernel pack_double` measures it anew; or move the file away"
    )
    assert set(read_table(tmp_path / TABLE).kernels) == {"pack_again"}
    path.write_text("{ malformed")
    with pytest.warns(PolytierWarning, match=r"pack_double\.json': line 1, column 3"):
        run([kernels["pack_again"]], [], output=tmp_path)
    write_record(record, tmp_path / "copy.json")
    path.unlink()
    with pytest.warns(PolytierWarning, match=r"copy\.json': kernel: it is of 'pack_double'"):
        run([kernels["pack_again"]], [], output=tmp_path)
    assert read_record(path.with_name("copy.json")).kernel == "pack_double"


def test_where_no_table_is_written_other_records_do_not_matter(kernels: dict[str, Kernel], tmp_path: Path) -> None:
    """Records alone are kept beside whatever lies there, without a word."""
    (tmp_path / "pack_double.json").write_text("{ malformed")
    (record,) = run([kernels["pack_again"]], [], output=tmp_path, with_table=False)
    assert read_record(tmp_path / "pack_again.json").kernel == record.kernel


def test_a_second_session_is_refused(kernels: dict[str, Kernel], tmp_path: Path) -> None:
    """Two sessions never write into one directory."""
    with locked(tmp_path), pytest.raises(MeasureBusyError, match="is measuring there"):
        run([kernels["pack_double"]], [], output=tmp_path, progress=never)


def test_a_place_that_cannot_be_written_is_refused_first(kernels: dict[str, Kernel], tmp_path: Path) -> None:
    """A place for the output that cannot be written is an error before anything is measured."""
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "below", tmp_path / "file"):
        with pytest.raises(StorageError, match="write records"):
            run([kernels["pack_double"]], [], output=place, progress=never)


def a_kernel(*timed: Case, size: str = "len(values)", module: str = MODULE) -> Kernel:
    """Return a kernel with these cases."""

    def floor(values: Any) -> Any:
        return values

    floor.__module__ = module
    return Kernel("pack_double", floor, size, Tolerance(), lambda: timed)


def good(label: str = "n=1", seed: int = 0) -> Case:
    """Return a timed case."""
    return Case(label, lambda: ([1.0],), timed=True, seed=seed)


@pytest.mark.parametrize(
    ("kernel", "found"),
    [
        (a_kernel(good(), module="__main__"), "it is declared in __main__, which no other process can import"),
        (a_kernel(good(), good()), r"case 'n=1' of tier 'floor' stands here twice"),
        (a_kernel(good("two\nlines")), r"measurements\[0\]\.case"),
        (a_kernel(good(seed=-1)), r"measurements\[0\]\.seed"),
        (a_kernel(good(), size="-len(values)"), r"measurements\[0\]\.size"),
        (a_kernel(good(), size="values.shape"), r"size 'values\.shape' of timed case 'n=1' raised AttributeError"),
    ],
)
def test_a_kernel_that_no_record_can_hold_is_refused_first(tmp_path: Path, kernel: Kernel, found: str) -> None:
    """What would keep a record from being written is an error before anything is measured."""
    with pytest.raises(DeclarationError, match=f"declare kernel 'pack_double': .*{found}"):
        run([kernel], [], output=tmp_path, progress=never)
