"""What the verbs show of deprecated kernels, arguments and tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from polytier.kernels.declaration import Kernel
    from polytier.marks import Deprecation
    from polytier.tiers.probe import Probe

Document = dict[str, str | None]


def document(deprecation: Deprecation | None) -> Document | None:
    """Return a deprecation for --json."""
    return None if deprecation is None else deprecation._asdict()


def of_kernel(kernel: Kernel) -> dict[str, Any]:
    """Return what --json tells of a kernel's deprecations."""
    arguments = {name: document(each) for name, each in kernel.deprecated_arguments.items()}
    return {"deprecated": document(kernel.deprecated), "deprecated_arguments": arguments}


def of_tiers(probes: Mapping[str, Probe]) -> dict[str, Document | None]:
    """Return what --json tells of the deprecated ones among tiers that were probed."""
    receipts = {tier: probe.receipt for tier, probe in probes.items() if probe.receipt}
    return {tier: document(receipt.deprecated) for tier, receipt in receipts.items() if receipt.deprecated}


def lines(kernels: Iterable[Kernel], probes: Mapping[str, Probe]) -> Iterator[str]:
    """Yield a heading and a line for each deprecated kernel, argument and tier; nothing where there is none."""
    found = [line for kernel in kernels for line in _of_kernel(kernel)]
    for tier, probe in probes.items():
        if probe.receipt and probe.receipt.deprecated:
            found.append(f"tier {tier!r}: {in_words(probe.receipt.deprecated)}")
    if found:
        yield "deprecated"
        yield from (f"  {line}" for line in found)


def in_words(deprecation: Deprecation) -> str:
    """Return a deprecation in one line."""
    return f"{deprecation.said()}; {deprecation.instead}"


def _of_kernel(kernel: Kernel) -> Iterator[str]:
    if kernel.deprecated:
        yield f"kernel {kernel.name!r}: {in_words(kernel.deprecated)}"
    for name, deprecation in kernel.deprecated_arguments.items():
        yield f"argument {name!r} of kernel {kernel.name!r}: {in_words(deprecation)}"
