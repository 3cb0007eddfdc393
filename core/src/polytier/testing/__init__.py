"""The conformance kit: tests that any tier passes, run by `pytest --pyargs polytier.testing --tier NAME`.

Needs `polytier[testing]`. Where pytest's plugin autoloading is off, add `-p polytier.testing.plugin`.
"""
