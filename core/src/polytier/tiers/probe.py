"""One attempt to use a tier on this host: load it, take its receipt, check agreement on the smallest cases."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polytier.errors import MissingImplementation, TierLoadError
from polytier.marks import Deprecation
from polytier.tiers.loading import BrokenModuleError, guarded
from polytier.tiers.receipt import Receipt

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable, Mapping

    from polytier.kernels.declaration import Kernel
    from polytier.tiers.registry import Tiers

SECONDS = 60.0
OFFER = "offer"
"""The word after which the process of an isolated probe calls no kernel."""
_LAST_LINES = 5
_MOST_TALK = 1 << 14


@dataclass(frozen=True)
class Probe:
    """What came of a probe: a receipt or the failure; per kernel that the tier offers None, or what is wrong.

    `absent` gives the reason of each kernel that the tier states to be absent; `problems` tells what it states wrongly.
    """

    receipt: Receipt | None
    failure: str | None
    agreement: Mapping[str, str | None] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the tier can be used, with every kernel that it offers, and states its absences rightly."""
        return self.failure is None and not any(self.agreement.values()) and not self.problems


def probe(tiers: Tiers, kernels: Iterable[Kernel], name: str, *, calls: bool = True) -> Probe:
    """Probe a tier in this process; a tier that crashes takes the process along.

    Without `calls` no kernel is called: the agreement then tells only which implementations are refused.
    """
    try:
        receipt = tiers.receipt(name)
    except TierLoadError as failure:
        return Probe(None, str(failure))
    agreement: dict[str, str | None] = {}
    for kernel in kernels:
        try:
            implementation = tiers.implementation(name, kernel.name)
        except MissingImplementation:
            continue
        except TierLoadError as failure:
            agreement[kernel.name] = str(failure)
        else:
            agreement[kernel.name] = _disagreement(kernel, implementation, name) if calls else None
    return Probe(receipt, None, agreement, *tiers.absences(name))


def _disagreement(kernel: Kernel, implementation: Callable[..., object], name: str) -> str | None:
    from polytier.agreement import first_difference

    for case in (*kernel.timed_cases, *(case for case in kernel.cases if not case.timed)):
        compared = partial(first_difference, kernel, implementation, case, name)
        try:
            difference = guarded(f"its {kernel.name!r}", compared)
        except BrokenModuleError as broken:
            if isinstance(broken.__cause__, NotImplementedError):
                continue  # a tier may decline a call: the next case tells
            return str(broken)
        return None if difference is None else difference.sentence
    return None


def probe_isolated(name: str, *, seconds: float = SECONDS, calls: bool = True) -> Probe:
    """Probe a tier in a fresh process, so that one that crashes or hangs is only reported.

    Without `calls` the probe tells what the tier is, on this host or another: the environment keeps no tier out,
    and no kernel is called.
    """
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="polytier-") as folder:
        answer, talk = Path(folder, "answer"), Path(folder, "talk")
        command = [sys.executable, "-P", "-m", "polytier.tiers.probe", name, str(answer), *(() if calls else (OFFER,))]
        # A file, not a pipe: a process that the tier started and left behind would keep a pipe open for ever.
        with talk.open("wb") as output:
            child = subprocess.Popen(  # noqa: S603 - this interpreter, and no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_environment(),
                start_new_session=True,
            )
            try:
                status = child.wait(seconds)
            except subprocess.TimeoutExpired:
                return Probe(None, f"it gave no answer within {seconds:g} s{_last_words(talk)}")
            finally:
                _end(child)
        if status == 0 and answer.exists():
            return _read(answer.read_text(encoding="utf-8"))
        return Probe(None, f"its process {_ending(status)} before it answered{_last_words(talk)}")


def _environment() -> dict[str, str]:
    # The child finds what this process finds, places added at run time included.
    places = [str(Path(place).absolute()) for place in sys.path if isinstance(place, str)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}


def _end(child: subprocess.Popen[bytes]) -> None:
    # The session's other processes too: those that the tier started.
    with suppress(OSError, AttributeError):
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    return f"was ended by signal {signal.Signals(-status).name}"


def _last_words(talk: Path) -> str:
    with talk.open("rb") as file:
        file.seek(max(0, talk.stat().st_size - _MOST_TALK))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return "".join(f"\n{line}" for line in lines[-_LAST_LINES:])


def _read(answer: str) -> Probe:
    content = json.loads(answer)
    receipt = content["receipt"] and _receipt(content["receipt"])
    return Probe(receipt, content["failure"], content["agreement"], content["absent"], tuple(content["problems"]))


def _receipt(fields: dict[str, Any]) -> Receipt:
    deprecated = fields["deprecated"]  # JSON keeps a named tuple as a list
    return Receipt(**fields | {"deprecated": deprecated and Deprecation(*deprecated)})


def main(name: str, answer: str, *words: str) -> None:
    """Probe a tier and leave what came of it in the file `answer`."""
    from polytier.kernels.declaration import catalogue
    from polytier.tiers.packs import load_kernel_packs
    from polytier.tiers.registry import Tiers

    load_kernel_packs()
    offer = OFFER in words
    tiers = Tiers(catalogue.__getitem__, environ={} if offer else None)
    found = probe(tiers, catalogue, name, calls=not offer)
    Path(answer).write_text(json.dumps(dataclasses.asdict(found)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
