"""The worker's side, in this process: each request, each fault as a reply, and the loop over pipes."""

from __future__ import annotations

import faulthandler
import json
import os
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from helpers_measure import GOOD, MODULE, install_pack

from polytier.marks import FLOOR
from polytier.measure.worker import Worker, main

if TYPE_CHECKING:
    from conftest import Installer


@pytest.fixture(autouse=True)
def pack(install_tier: Installer) -> None:
    """Install the kernels that are measured here."""
    install_pack(install_tier)


def opened(tier: str, kernel: str = "pack_double") -> Worker:
    """Return a worker that knows its kernel and tier."""
    worker = Worker()
    assert worker.serve({"ask": "open", "kernel": kernel, "module": MODULE, "tier": tier}) == {}
    return worker


def prepared(worker: Worker, label: str = "n=2") -> dict[str, Any]:
    """Return the reply to the preparation of a case."""
    return worker.serve({"ask": "prepare", "label": label, "batch": 1e-5, "warm_up": 0.0})


def test_a_tier_is_loaded_checked_and_timed(install_tier: Installer) -> None:
    """The requests of one case give the first call, the build, the batch, a sample, and agreement."""
    install_tier("good", GOOD, version="2.5")
    worker = opened("good")
    first = worker.serve({"ask": "first"})
    assert first.keys() == {"seconds", "version", "digest"}
    assert first["version"] == "2.5"
    reply = prepared(worker)
    assert reply["loops"] >= 1
    assert 0 < reply["seconds"] < 1
    assert 0 < worker.serve({"ask": "sample"})["seconds"] < 1
    assert worker.serve({"ask": "conclude"}) == {}


def test_the_floor_has_no_build_of_its_own() -> None:
    """The floor is measured like a tier, but takes no receipt."""
    worker = opened(FLOOR)
    assert worker.serve({"ask": "first"}).keys() == {"seconds"}
    assert "loops" in prepared(worker)


def test_the_first_call_includes_the_load(install_tier: Installer) -> None:
    """The time of importing the tier counts in its first call."""
    install_tier("slow", "import time\ntime.sleep(0.1)\n" + GOOD)
    assert opened("slow").serve({"ask": "first"})["seconds"] >= 0.1


def test_the_build_is_known_before_the_first_call(install_tier: Installer) -> None:
    """A tier whose every call fails has told its build; it is loaded once."""
    install_tier("poor", "print('loading')\ndef pack_double(values):\n    raise OSError('no device')", version="2.5")
    worker = opened("poor")
    loaded = worker.serve({"ask": "load"})
    assert loaded.keys() == {"seconds", "version", "digest"}
    assert worker.serve({"ask": "first"}) == {"refused": "it raised OSError: no device"}
    assert worker.serve({"ask": "load"}) == loaded


def test_a_kernel_that_cannot_be_imported_is_refused() -> None:
    """A module that is not there is a reply, not an exception."""
    request = {"ask": "open", "kernel": "no", "module": "no_such_module", "tier": FLOOR}
    assert Worker().serve(request) == {"refused": "it raised ModuleNotFoundError: No module named 'no_such_module'"}


def test_a_tier_without_the_kernel_is_absent(install_tier: Installer) -> None:
    """Offering other kernels only is no failure."""
    install_tier("other", "def something_else(x): ...")
    assert opened("other").serve({"ask": "first"}) == {"absent": True}


def test_a_tier_that_does_not_load_is_refused(install_tier: Installer) -> None:
    """What the import raised is the reason."""
    install_tier("bad", "raise OSError('no library')")
    reason = opened("bad").serve({"ask": "first"})["refused"]
    assert reason.startswith("it raised TierLoadError: load tier 'bad': ")
    assert "no library" in reason


def test_the_first_call_is_the_first_that_is_answered(install_tier: Installer) -> None:
    """A tier that declines small sizes is called on larger ones; one that declines all has nothing to offer."""
    declining = """
    def pack_double(values):
        if len(values) < LEAST:
            raise NotImplementedError("small")
        return values * 2.0
    """
    install_tier("choosy", "LEAST = 5\n" + dedent(declining))
    worker = opened("choosy")
    assert "seconds" in worker.serve({"ask": "first"})
    assert prepared(worker) == {"declined": "it raised NotImplementedError: small"}
    assert "loops" in prepared(worker, "n=8")
    install_tier("idle", "LEAST = 50\n" + dedent(declining))
    reply = opened("idle").serve({"ask": "first"})
    assert reply == {"declined": "it raised NotImplementedError: it declines every timed case"}


def test_a_wrong_answer_is_refused_before_and_after(install_tier: Installer) -> None:
    """An answer that is wrong at once, or later, is refused with where and by how much."""
    install_tier("wrong", "def pack_double(values):\n    return values * 2.0 + ERROR\nERROR = 0")
    worker = opened("wrong")
    worker.serve({"ask": "first"})
    wrong: Any = worker.tiers.load("wrong")
    wrong.ERROR = 1
    reason = "index 0 is 1.0, the floor says 0.0; the difference 1 exceeds absolute 1e-09, relative 0"
    assert prepared(worker) == {"refused": reason}
    wrong.ERROR = 0
    assert "loops" in prepared(worker)
    wrong.ERROR = 1
    assert worker.serve({"ask": "conclude"}) == {"refused": f"after the samples: {reason}"}


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        ("ValueError('odd' + chr(10) + 'hint: even')", "it raised ValueError (odd), the floor says array([0., 2.])"),
        ("RuntimeError('busy')", "it raised RuntimeError: busy"),
        ("SystemExit(3)", "it raised SystemExit: 3"),
        ("KeyboardInterrupt()", "it raised KeyboardInterrupt"),
        ("OSError(chr(0xDC80))", "it raised OSError (?), the floor says"),
        ("RuntimeError(chr(0xDC80))", "it raised RuntimeError: ?"),
        ("RuntimeError('x' * 100000)", "it raised RuntimeError: " + "x" * 500),
    ],
)
def test_whatever_a_tier_raises_is_a_reason(install_tier: Installer, raised: str, said: str) -> None:
    """Nothing that a tier raises ends the worker; the first line of the message is kept, shortened."""
    source = f"def pack_double(values):\n    if ON:\n        raise {raised}\n    return values * 2.0\nON = False"
    install_tier("raising", source)
    worker = opened("raising")
    worker.serve({"ask": "first"})
    raising: Any = worker.tiers.load("raising")
    raising.ON = True
    assert prepared(worker)["refused"].startswith(said)
    assert len(prepared(worker)["refused"]) < 1000


def test_the_loop_serves_until_the_pipe_is_closed() -> None:
    """Requests are answered in order; what is no message gets a reply too, and the end of the pipe ends the loop."""
    (requests, asking), (answers, replies) = os.pipe(), os.pipe()
    opening = {"ask": "open", "limit": 60, "kernel": "pack_double", "module": MODULE, "tier": FLOOR}
    with os.fdopen(asking, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(opening) + "\n" + json.dumps({"ask": "first", "limit": 60}) + "\n")
    enabled = faulthandler.is_enabled()
    try:
        assert main(requests, replies) == 0
    finally:
        if not enabled:
            faulthandler.disable()
    with os.fdopen(answers, encoding="utf-8") as stream:
        opened_reply, first_reply = map(json.loads, stream)
    assert opened_reply == {}
    assert first_reply["seconds"] > 0
