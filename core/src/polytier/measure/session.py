"""A session: kernels measured one after the other, each kept on disk as soon as it is complete."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from polytier.errors import DeclarationError, FileFormatError, MeasureInterruptedError, PolytierWarning
from polytier.marks import FLOOR
from polytier.measure.builds import floor_build, revision, version_of
from polytier.measure.lock import locked
from polytier.measure.progress import Progress
from polytier.measure.settings import FULL, QUICK
from polytier.measure.turns import Outcome, measure_kernel
from polytier.rank import table
from polytier.record.facts import host_facts
from polytier.record.records import Measurement, Record, format_record, parse_record, read_record, write_record
from polytier.record.summary import QUANTILES
from polytier.record.tables import write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from polytier.kernels.declaration import Case, Kernel
    from polytier.measure.settings import Settings
    from polytier.record.host import HostFacts

TABLE: Final = "dispatch.toml"
"""The table's name in the output directory."""


def run(  # noqa: PLR0913 - the options of a command, by keyword
    kernels: Sequence[Kernel],
    tiers: Sequence[str],
    *,
    output: Path,
    quick: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    with_table: bool = True,
) -> list[Record]:
    """Measure the kernels with the floor and the tiers and keep `<kernel>.json` and the table in `output`.

    Records of other kernels in `output` stay and take part in the table; the record of a measured kernel is replaced.
    An interrupted run raises MeasureInterruptedError and has lost only the kernel in hand.
    """
    settings = QUICK if quick else FULL
    session = Session(tuple(kernels), tuple(tiers), output, settings, progress, with_table=with_table)
    with locked(output):
        return session.run()


@dataclass
class Session:
    """The state of one run; the caller holds the output directory."""

    kernels: Sequence[Kernel]
    tiers: Sequence[str]
    output: Path
    settings: Settings
    progress: Callable[[Progress], None]
    with_table: bool = True
    host: HostFacts = field(default_factory=host_facts)
    revision: str = field(default_factory=revision)
    done: int = 0

    def __post_init__(self) -> None:
        """Leave out kernels without timed cases, and put the floor first."""
        self.kernels = [kernel for kernel in self.kernels if kernel.timed_cases]
        self.tiers = list(dict.fromkeys((FLOOR, *self.tiers)))
        self.total = sum(len(kernel.timed_cases) for kernel in self.kernels) * len(self.tiers)

    def run(self) -> list[Record]:
        """Measure all kernels."""
        for kernel in self.kernels:
            self._rehearse(kernel)
        known = self._earlier() if self.with_table else {}
        records: list[Record] = []
        try:
            for kernel in self.kernels:
                records.append(self._measure(kernel))
                self._keep(records, known)
        except KeyboardInterrupt:
            # It may have come while the last record was being written: that took minutes, and is written again.
            self._keep(records, known)
            done = [record.kernel for record in records]
            left = [kernel.name for kernel in self.kernels if kernel.name not in done]
            raise MeasureInterruptedError.of(done, left) from None
        return records

    def _measure(self, kernel: Kernel) -> Record:
        def tell(case: str, tier: str, note: str) -> None:
            self.progress(Progress(kernel.name, case, tier, self.done, self.total, note))

        def case_done() -> None:
            self.done += len(self.tiers)

        record = self._record(kernel, measure_kernel(kernel, self.tiers, self.settings, tell, case_done))
        tell(kernel.timed_cases[-1].label, self.tiers[-1], "")
        return record

    def _record(self, kernel: Kernel, outcome: Outcome) -> Record:
        return Record(
            kernel=kernel.name,
            host=self.host,
            revision=self.revision,
            polytier=version_of(__name__),
            tiers=outcome.tiers,
            measurements=outcome.measurements,
            refusals=outcome.refusals,
        )

    def _keep(self, records: list[Record], known: dict[str, Record]) -> None:
        """Write the last record, and the table of the earlier ones and these."""
        for record in records[-1:]:
            write_record(record, self.output / f"{record.kernel}.json")
            if self.with_table:
                write_table(table((known | {own.kernel: own for own in records}).values()), self.output / TABLE)

    def _rehearse(self, kernel: Kernel) -> None:
        """Raise now what would keep the kernel's record from being written after minutes of measuring."""
        if kernel.module == "__main__":
            found = "it is declared in __main__, which no other process can import"
            raise DeclarationError.of(kernel.name, found, "move it into a module")
        figures = (1.0,) * (len(QUANTILES) + 1)
        cases = [(case.label, _size(kernel, case), case.seed) for case in kernel.timed_cases]
        entries = tuple(Measurement(*case, tier, 1, 1, *figures) for case in cases for tier in self.tiers)
        outcome = Outcome(dict.fromkeys(self.tiers, floor_build(kernel)), entries, ())
        try:
            parse_record(format_record(self._record(kernel, outcome)), f"{kernel.name}.json")
        except FileFormatError as failure:
            hint = "give timed cases distinct, printable labels, and sizes and seeds of at least 0"
            raise DeclarationError.of(kernel.name, str(failure).partition("\n")[0], hint) from failure

    def _earlier(self) -> dict[str, Record]:
        """Return the records of other kernels that are in the directory; a bad one is left out with a warning."""
        replaced = {kernel.name for kernel in self.kernels}
        known = {}
        for path in sorted(self.output.glob("*.json")):
            if path.stem in replaced:
                continue
            try:
                known[path.stem] = self._own(path)
            except FileFormatError as failure:
                hint = f"`polytier measure --kernel {path.stem}` measures it anew; or move the file away"
                found = f"the table is written without it, for {str(failure).partition('hint: ')[0].rstrip()}"
                warnings.warn(PolytierWarning.of(f"rank {path.stem!r}", found, hint), stacklevel=2)
        return known

    def _own(self, path: Path) -> Record:
        record = read_record(path)
        if record.host.id != self.host.id:
            found = f"it is of host {record.host.id!r}, this is {self.host.id!r}"
            raise FileFormatError.of("record", path, "host.id", found, "keep one directory for each host")
        if record.kernel != path.stem:
            raise FileFormatError.of("record", path, "kernel", f"it is of {record.kernel!r}", "give it back its name")
        return record


def _size(kernel: Kernel, case: Case) -> int:
    try:
        return kernel.case_size(case)
    except Exception as failure:
        found = f"size {kernel.size!r} of timed case {case.label!r} raised {failure!r}"
        raise DeclarationError.of(kernel.name, found, "time only cases of good input") from failure
