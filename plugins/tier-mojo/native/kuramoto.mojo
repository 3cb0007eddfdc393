"""The family `kuramoto`: phase oscillators coupled by a matrix."""

from std.ffi import external_call

from bare import seconds_of_sums
from force import force
from integrate import coherence, copy, euler, rk4
from memory import Failure, Floats, MALFORMED, release
from network import Network, hypot, lay_out
from sums import Sums, sums_of
from template import Rows, template

comptime ORDER_PARAMETER = 1
comptime MEAN_PHASE = 2
comptime BUILD_KNM = 3
comptime NETWORKED_FORCE = 4
comptime KURAMOTO_EULER = 5
comptime KURAMOTO_PHASES = 6
comptime KURAMOTO_TRAJECTORY = 7
comptime KURAMOTO_RK4 = 8

comptime MOST = 1 << 40
"""The largest count that a call may name: beyond it no product of two would be an address."""


@fieldwise_init
struct Call(TrivialRegisterPassable):
    """One call of a kernel: its numbers, where its arrays lie, and the two numbers that it answers with."""

    var kernel: Int
    var n: Int
    var first: Int
    var count: Int
    var a: Float64
    var b: Float64
    var theta: Floats
    var omega: Floats
    var coupling: Floats
    var to: Floats
    var x: Float64
    var y: Float64


def is_bad(call: Call) -> Bool:
    """Say whether the numbers of a call make no sense."""
    if call.kernel < ORDER_PARAMETER or call.kernel > KURAMOTO_RK4:
        return True
    if call.n < 1 or call.n > MOST or call.count < 0 or call.count > MOST:
        return True
    if call.kernel >= BUILD_KNM and call.n > 1 << 20:
        return True
    return call.kernel == BUILD_KNM and (
        call.first < 0 or call.first + call.count > call.n
    )


def theta_values(call: Call) -> Int:
    """Return how many phases a call reads."""
    return 0 if call.kernel == BUILD_KNM else call.n


def omega_values(call: Call) -> Int:
    """Return how many natural frequencies a call reads."""
    return call.n if call.kernel >= KURAMOTO_EULER else 0


def coupling_values(call: Call) -> Int:
    """Return how many couplings a call reads."""
    return call.n * call.n if call.kernel >= NETWORKED_FORCE else 0


def answer_values(call: Call) -> Int:
    """Return how many values a call writes."""
    if call.kernel <= MEAN_PHASE:
        return 0
    if call.kernel == BUILD_KNM:
        return call.count * call.n
    if call.kernel == KURAMOTO_PHASES:
        return call.count * call.n
    if call.kernel == KURAMOTO_TRAJECTORY:
        return call.count + 1 + call.n
    return call.n


def network(call: Call) raises Failure -> Network:
    """Return the state from which the call integrates."""
    return lay_out(call.n, call.a, call.theta, call.omega, call.coupling)


def sums(mut call: Call) raises Failure:
    """Answer with the sums of cosines and sines; if a count is given, with the seconds of one of so many sums."""
    var found = sums_of(call.theta, call.n)
    call.x = found.cos
    call.y = found.sin
    if call.count > 0:
        call.x = seconds_of_sums(call.theta, call.n, call.count)


def order_parameter(call: Call) -> Float64:
    """Return how much the oscillators agree, of the sums that the call has answered with."""
    return hypot(call.x, call.y) / Float64(call.n)


def mean_phase(call: Call) -> Float64:
    """Return the phase of the mean field, of the sums that the call has answered with."""
    return external_call["atan2", Float64](call.y, call.x)


def build_knm(call: Call) raises Failure:
    """Write the rows from `first` on of the coupling template."""
    template(Rows(call.n, call.first, call.count, call.to), call.a, call.b)


def networked_force(call: Call) raises Failure:
    """Write the pull of the network on every oscillator."""
    force(call.n, call.theta, call.coupling, call.to)


def kuramoto_euler(call: Call) raises Failure:
    """Write the phases after `count` explicit Euler steps."""
    var net = network(call)
    euler(net, call.count, call.to, False)
    copy(net.theta, call.to, call.n)
    release(net.theta)


def kuramoto_phases(call: Call) raises Failure:
    """Write the phases after every of `count` Euler steps."""
    var net = network(call)
    euler(net, call.count, call.to, True)
    release(net.theta)


def kuramoto_trajectory(call: Call) raises Failure:
    """Write the order parameters before the first and after every of `count` Euler steps, then the last phases."""
    var net = network(call)
    coherence(net, call.count, call.to)
    copy(net.theta, call.to.unsafe_offset(call.count + 1), call.n)
    release(net.theta)


def kuramoto_rk4(call: Call) raises Failure:
    """Write the phases after `count` Runge-Kutta steps."""
    var net = network(call)
    rk4(net, call.count)
    copy(net.theta, call.to, call.n)
    release(net.theta)


def run(mut call: Call) raises Failure:
    """Run the kernel that a call names."""
    if is_bad(call):
        raise Failure(MALFORMED)
    if call.kernel <= MEAN_PHASE:
        sums(call)
    elif call.kernel == BUILD_KNM:
        build_knm(call)
    elif call.kernel == NETWORKED_FORCE:
        networked_force(call)
    elif call.kernel == KURAMOTO_EULER:
        kuramoto_euler(call)
    elif call.kernel == KURAMOTO_PHASES:
        kuramoto_phases(call)
    elif call.kernel == KURAMOTO_TRAJECTORY:
        kuramoto_trajectory(call)
    else:
        kuramoto_rk4(call)
