"""Check the crates' licences and sources, and the pins and crates against known advisories.

Advisories come from https://api.osv.dev, which carries PyPI's and RustSec's.
Where it cannot be reached the tool says NOT CHECKED and does not fail: a gate must run where only registries do.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SERVICE = "https://api.osv.dev/v1/querybatch"
LIMIT_S = 30
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"
ALLOWED = {"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "Unicode-3.0", "Zlib", "Unlicense", "0BSD"}
ALLOWED |= {"Apache-2.0 WITH LLVM-exception"}

Package = dict[str, Any]


def crates(root: Path) -> list[Package]:
    """Return the crates that the locked tiers are built from, their own included."""
    found: list[Package] = []
    for lock in sorted(root.glob("plugins/*/native/Cargo.lock")):
        manifest = str(lock.with_name("Cargo.toml"))
        asked = ["cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", manifest]
        found += json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)["packages"]
    return found


def licensed(expression: str | None) -> bool:
    """Say whether an SPDX expression can be met with allowed licences; AND is read as the outermost operator."""
    parts = (expression or "none").replace("(", "").replace(")", "").split(" AND ")
    return all(any(one.strip() in ALLOWED for one in re.split(r" OR |/", part)) for part in parts)


def crate_findings(packages: list[Package]) -> list[str]:
    """Return a sentence for each crate of a foreign source or licence."""
    found = [f"{p['name']}: source {p['source']!r}" for p in packages if p["source"] not in {None, REGISTRY}]
    found += [f"{p['name']}: licence {p['license']!r}" for p in packages if not licensed(p["license"])]
    return found


def pins(root: Path) -> set[tuple[str, str]]:
    """Return (name, version) of every pinned Python distribution."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in root.glob("requirements/*.txt"))
    return set(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))


def advisories(packages: list[tuple[str, str, str]], service: str = SERVICE) -> list[str]:
    """Return a sentence for each (ecosystem, name, version) with a known advisory; raise URLError if unreachable."""
    queries = [{"package": {"ecosystem": eco, "name": name}, "version": version} for eco, name, version in packages]
    request = urllib.request.Request(service, json.dumps({"queries": queries}).encode())  # noqa: S310 a constant https
    with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310 as above
        results = json.load(answer)["results"]
    return [
        f"{name} {version}: {', '.join(each['id'] for each in result['vulns'])}"
        for (_, name, version), result in zip(packages, results, strict=True)
        if result.get("vulns")
    ]


def main(root: Path = ROOT, service: str = SERVICE) -> int:
    """Run the checks and return 1 on a finding."""
    packages = crates(root)
    found = crate_findings(packages)
    print(f"audit: {len(packages)} crates: licences and sources checked, {len(found)} finding(s)")
    asked = [("PyPI", name, version) for name, version in sorted(pins(root))]
    asked += [("crates.io", package["name"], package["version"]) for package in packages if package["source"]]
    try:
        known = advisories(asked, service)
        print(f"audit: {len(asked)} pins and crates: advisories checked, {len(known)} finding(s)")
        found += known
    except (urllib.error.URLError, TimeoutError) as failure:
        print(f"audit: advisories NOT CHECKED for {len(asked)} pins and crates: {service} cannot be reached: {failure}")
    print(*found, sep="\n", end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
