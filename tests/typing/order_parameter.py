"""A type checker sees the floor's own signature on a kernel; mypy reads this file, nothing runs it.

With `warn_unused_ignores` an ignored error that is none is an error itself, so each line below is an assertion.
"""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

from polytier import build_knm, kuramoto_euler, kuramoto_trajectory, order_parameter
from polytier.kernels.declaration import Handle

phases = np.zeros(3)

assert_type(order_parameter(phases), float)
assert_type(order_parameter([0.0, 1.0]), float)
assert_type(order_parameter(theta=phases), float)
order_parameter()  # type: ignore[call-arg]
order_parameter(phases, 2)  # type: ignore[call-arg]
order_parameter(phi=phases)  # type: ignore[call-arg]
order_parameter(object())  # type: ignore[arg-type]

assert_type(build_knm(), NDArray[np.float64])
assert_type(build_knm(8, alpha=0.2), NDArray[np.float64])
build_knm("8")  # type: ignore[arg-type]

assert_type(kuramoto_euler(phases, phases, np.zeros((3, 3)), 0.1, 10), NDArray[np.float64])
assert_type(
    kuramoto_trajectory(phases, phases, np.zeros((3, 3)), 0.1, 10), tuple[NDArray[np.float64], NDArray[np.float64]]
)

assert_type(order_parameter.dispatch, Handle)
assert_type(order_parameter.dispatch.last_tier, str | None)
assert_type(order_parameter.dispatch.chain(8), tuple[str, ...])
assert_type(order_parameter.dispatch.floor(phases), Any)
