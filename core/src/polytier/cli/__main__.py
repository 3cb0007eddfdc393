"""`python -m polytier.cli`."""

from __future__ import annotations

import sys

from polytier_command import main

sys.exit(main())
