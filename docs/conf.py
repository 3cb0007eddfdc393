"""Sphinx configuration."""

from __future__ import annotations

import polytier

project = "polytier"
author = "the polytier developers"
project_copyright = author
release = polytier.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["_build", "benchmarks/**/*.json"]
html_theme = "alabaster"
html_theme_options = {"description": "Numerical kernels by measured rank", "page_width": "1100px"}
html_title = f"polytier {release}"

nitpicky = False
myst_enable_extensions = ["deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_validation_checks = {"GL06", "GL07", "PR01", "PR02", "PR03", "PR07", "RT03", "SS01", "SS03"}
# Kernels and what declares them have numpydoc sections; elsewhere a docstring is one sentence.
numpydoc_validation_exclude = {r"^(?!polytier\.[a-z_]+$)", r"^polytier\.(using|trace|explain|refresh|freeze|warm)$"}
