"""Write docs/reference/kernels.md, which is what `polytier kernels --audit` prints; `--check` compares only.

It needs an environment in which core and every first-party tier are installed; the table is the repository's own.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polytier.cli.kernel_audit import Document

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reference/kernels.md"


def document() -> Document:
    """Return the audit as data, by the table of the repository."""
    from polytier.cli.kernel_audit import audit

    return audit(ROOT / "dispatch.toml")


def findings(found: Document) -> list[str]:
    """Return a sentence for each thing that must be mended: a tier that is not there, a kernel without statement."""
    told = [f"tier {t['tier']!r} is {t['state']}" for t in found["tiers"] if t["state"] != "installed"]
    told += [f"tier {t['tier']!r}: {problem}" for t in found["tiers"] for problem in t["problems"]]
    missing = {t["tier"] for t in found["tiers"] if t["state"] != "installed"}
    told += [
        f"tier {offer['tier']!r} has {kernel['name']!r} {offer['state']}: {offer['reason'] or 'ABSENT gives no reason'}"
        for kernel in found["kernels"]
        for offer in kernel["offers"]
        if offer["state"] not in {"present", "absent"} and offer["tier"] not in missing
    ]
    return told


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or show how it differs; a finding leaves the page as it is."""
    from polytier.cli.kernel_audit_page import page
    from polytier.record.atomic import write_text

    parser = argparse.ArgumentParser(prog="python -m tools.kernel_audit", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; 1 if the page is not current")
    options = parser.parse_args(arguments)
    found = document()
    told = findings(found)
    if told:
        hint = "hint: install core and plugins/* of this checkout, and mend what a tier offers or states"
        print(*told, hint, sep="\n")
        return 1
    if not options.check:
        write_text(PAGE, page(found), "page")
        return 0
    stands = PAGE.read_text(encoding="utf-8").splitlines()
    difference = list(difflib.unified_diff(stands, page(found).splitlines(), "stands", "wanted", lineterm=""))
    print("\n".join(difference) or f"{PAGE.name} is current")
    return int(bool(difference))


if __name__ == "__main__":
    sys.exit(main())
