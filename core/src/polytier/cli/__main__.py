"""`python -m polytier.cli`."""

from __future__ import annotations

import sys

from polytier.cli import main

sys.exit(main())
