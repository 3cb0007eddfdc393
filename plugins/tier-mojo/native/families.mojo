"""The families after `kuramoto`: which of them a kernel belongs to."""

from aer import AER_LAST, aer, lay_out_aer
from doppler import DOPPLER_LAST, doppler, lay_out_doppler
from faraday import FARADAY_LAST, faraday, lay_out_faraday
from memory import Failure, MALFORMED
from operators import OPERATORS_LAST, lay_out_operators, operators
from task import LEAST_TASK, Task


def lay_out(mut task: Task) raises Failure:
    """Find how many numbers, and how many words in each array, the kernel of a task takes."""
    if task.kernel < LEAST_TASK:
        raise Failure(MALFORMED)
    if task.kernel <= AER_LAST:
        lay_out_aer(task)
    elif task.kernel <= FARADAY_LAST:
        lay_out_faraday(task)
    elif task.kernel <= DOPPLER_LAST:
        lay_out_doppler(task)
    elif task.kernel <= OPERATORS_LAST:
        lay_out_operators(task)
    else:
        raise Failure(MALFORMED)


def compute(mut task: Task) raises Failure:
    """Run the kernel of a task that is laid out."""
    if task.kernel <= AER_LAST:
        aer(task)
    elif task.kernel <= FARADAY_LAST:
        faraday(task)
    elif task.kernel <= DOPPLER_LAST:
        doppler(task)
    else:
        operators(task)
