"""The family `doppler`: phase oscillators that move along an axis, coupled by distance and pushed by velocity."""

from drift import derivative, model_of
from memory import Failure
from path import trace
from task import Task, checked_product

comptime DOPPLER_KURAMOTO = 14
comptime DOPPLER_KURAMOTO_TRACE = 15
comptime DOPPLER_LAST = DOPPLER_KURAMOTO_TRACE


def lay_out_doppler(mut task: Task) raises Failure:
    """Inputs: phases, positions, velocities, frequencies, couplings, rates of the frequencies or nothing.

    Numbers: lag, push, epsilon, scale, time and, for a path of `count` steps, the time step; `first` is 1 with rates.
    The answer: the derivatives, or times, phases, positions, order parameters and lock errors, a row more than steps.
    """
    var n = task.n
    for _ in range(4):
        task.want(n)
    task.want(checked_product(n, n))
    task.want(n if task.first == 1 else 0)
    if task.kernel == DOPPLER_KURAMOTO:
        task.take_numbers(5)
        task.answers(n)
    else:
        task.take_numbers(6)
        task.answers(checked_product(task.count + 1, 2 * n + 3))


def doppler(task: Task) raises Failure:
    """Run a kernel of this family."""
    if task.kernel == DOPPLER_KURAMOTO:
        derivative(model_of(task), task.to)
    else:
        trace(model_of(task), task.number(5), task.count, task.to)
