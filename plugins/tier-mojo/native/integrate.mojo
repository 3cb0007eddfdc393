"""The steps of an integration: explicit Euler, and the classical fourth-order Runge-Kutta."""

from memory import Floats
from network import Network, evaluate, order, slopes
from sincos import Vector, WIDTH, load


@always_inline
def advance(net: Network, first: Int, last: Int):
    """Add an Euler step to the phases and take their sines and cosines."""
    for at in range(first, last, WIDTH):
        var step = Vector(net.dt) * load(net.slope, at)
        net.theta.unsafe_store(at, load(net.theta, at) + step)
    evaluate(net, first, last)


def euler(net: Network, steps: Int, path: Floats, keep: Bool):
    """Take Euler steps; where `keep` says so, the phases after each go to `path`."""
    evaluate(net, 0, net.rows)
    for step in range(steps):
        slopes(net, 0, net.rows)
        advance(net, 0, net.rows)
        if keep:
            copy(net.theta, path.unsafe_offset(step * net.n), net.n)


def coherence(net: Network, steps: Int, orders: Floats):
    """Take Euler steps; the order parameters before the first and after each go to `orders`."""
    evaluate(net, 0, net.rows)
    orders[unsafe_offset=0] = order(net)
    for step in range(steps):
        slopes(net, 0, net.rows)
        advance(net, 0, net.rows)
        orders[unsafe_offset=step + 1] = order(net)


@always_inline
def stage(net: Network, weight: Float64, reach: Float64, first: Int, last: Int):
    """Add `weight` times the slopes to their sum, and put the phases `reach` ahead of the base along them."""
    for at in range(first, last, WIDTH):
        var slope = load(net.slope, at)
        var total = load(net.total, at) + Vector(weight) * slope
        net.total.unsafe_store(at, total)
        var there = load(net.base, at) + Vector(reach) * slope
        net.theta.unsafe_store(at, there)
    evaluate(net, first, last)


def rk4(net: Network, steps: Int):
    """Take Runge-Kutta steps."""
    evaluate(net, 0, net.rows)
    for _ in range(steps):
        for at in range(0, net.rows, WIDTH):
            net.base.unsafe_store(at, load(net.theta, at))
            net.total.unsafe_store(at, Vector(0))
        slopes(net, 0, net.rows)
        stage(net, 1, 0.5 * net.dt, 0, net.rows)
        slopes(net, 0, net.rows)
        stage(net, 2, 0.5 * net.dt, 0, net.rows)
        slopes(net, 0, net.rows)
        stage(net, 2, net.dt, 0, net.rows)
        slopes(net, 0, net.rows)
        for at in range(0, net.rows, WIDTH):
            var total = load(net.total, at) + load(net.slope, at)
            var step = Vector(net.dt / 6.0) * total
            net.theta.unsafe_store(at, load(net.base, at) + step)
        evaluate(net, 0, net.rows)


def copy(source: Floats, to: Floats, count: Int):
    """Copy `count` values."""
    for at in range(count):
        to[unsafe_offset=at] = source[unsafe_offset=at]
