/* The boundary to Python: reads the header of an ndarray where it lies, and keeps a forked child out of Go.
 *
 * Callers pass the address of the object, which costs them one `id()`; the buffer protocol would cost 300 ns an
 * argument. The header's layout is part of NumPy's ABI; polytier_go_setup is told what differs between interpreters,
 * and its caller proves the layout on an array of its own before anything else is read. */

#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include "boundary.h"
#include "_cgo_export.h"

#define EXPORT __attribute__((visibility("default")))

/* What follows the interpreter's object header in an ndarray. */
typedef struct {
    char *data;
    int nd;
    intptr_t *dimensions;
    intptr_t *strides;
    void *base;
    void *descr;
    int flags;
} ndarray;

enum { C_CONTIGUOUS = 0x1, ALIGNED = 0x100, WRITEABLE = 0x400 };

static uintptr_t head, ndarray_type, dtypes[POLYTIER_GO_KINDS];
static volatile int forked;
static _Thread_local char said[1024];

static void in_child(void) { forked = 1; }

/* Takes the size of the object header and the addresses of the type and of the dtypes that are read. */
EXPORT void polytier_go_setup(uintptr_t header, uintptr_t type, const uintptr_t *kinds)
{
    if (head == 0)
        pthread_atfork(NULL, NULL, in_child);
    head = header;
    ndarray_type = type;
    for (int kind = 0; kind < POLYTIER_GO_KINDS; kind++)
        dtypes[kind] = kinds[kind];
}

int polytier_go_forked(void) { return forked; }

void polytier_go_say(char *text, int64_t length)
{
    if (length >= (int64_t)sizeof said)
        length = sizeof said - 1;
    memcpy(said, text, (size_t)length);
    said[length] = 0;
}

const char *polytier_go_said(void) { return said; }

/* Finds the values of an array of a kind with `nd` dimensions, at least one, and the flags in `needed`. */
static int look(uintptr_t object, int kind, int nd, int needed, polytier_go_values *values, int64_t *rows)
{
    const ndarray *array = (const ndarray *)(object + head);
    /* The type stands last in the object header. */
    if (((const uintptr_t *)array)[-1] != ndarray_type || (uintptr_t)array->descr != dtypes[kind]
        || array->nd != nd || (array->flags & needed) != needed)
        return 0;
    *rows = array->dimensions[0];
    values->start = (double *)array->data;
    values->length = kind == POLYTIER_GO_COMPLEX128 ? 2 : 1;
    for (int axis = 0; axis < nd; axis++)
        values->length *= array->dimensions[axis];
    return 1;
}

int polytier_go_positive(double number) { return number > 0 && !isinf(number); }

/* Finds a vector of integers, which may be empty. */
int polytier_go_integers(uintptr_t object, int kind, polytier_go_values *values)
{
    int64_t rows;
    return look(object, kind, 1, C_CONTIGUOUS | ALIGNED, values, &rows);
}

/* Finds a vector of `length` values; a negative length asks for at least one. */
int polytier_go_vector(uintptr_t object, int64_t length, polytier_go_values *values)
{
    int64_t rows;
    return look(object, POLYTIER_GO_FLOAT64, 1, C_CONTIGUOUS | ALIGNED, values, &rows) && rows > 0
        && (length < 0 || rows == length);
}

int polytier_go_matrix(uintptr_t object, int64_t rows, int64_t columns, polytier_go_values *values)
{
    int64_t found;
    return look(object, POLYTIER_GO_FLOAT64, 2, C_CONTIGUOUS | ALIGNED, values, &found) && found == rows
        && values->length == rows * columns;
}

/* Finds complex numbers: a vector, or square matrices; a negative size, of the last axis, asks for at least one. */
int polytier_go_complex(uintptr_t object, int nd, int64_t size, polytier_go_values *values)
{
    int64_t rows;
    if (!look(object, POLYTIER_GO_COMPLEX128, nd, C_CONTIGUOUS | ALIGNED, values, &rows) || values->length == 0)
        return 0;
    const intptr_t *lengths = ((const ndarray *)(object + head))->dimensions;
    return (nd == 1 || lengths[nd - 1] == lengths[nd - 2]) && (size < 0 || lengths[nd - 1] == size);
}

/* Returns the length of the last axis of an array that was found. */
int64_t polytier_go_last(uintptr_t object)
{
    const ndarray *array = (const ndarray *)(object + head);
    return array->dimensions[array->nd - 1];
}

static int fills(uintptr_t object, int kind, int nd, int64_t length, polytier_go_values *values)
{
    int64_t rows;
    return look(object, kind, nd, C_CONTIGUOUS | ALIGNED | WRITEABLE, values, &rows) && values->length == length;
}

/* Finds where an answer goes; the address 0 stands for one that is not wanted. */
int polytier_go_answer(uintptr_t object, int nd, int64_t length, polytier_go_values *values)
{
    if (object == 0) {
        values->start = NULL;
        values->length = 0;
        return 1;
    }
    return length > 0 && fills(object, POLYTIER_GO_FLOAT64, nd, length, values);
}

/* Finds where `length` complex numbers go. */
int polytier_go_complex_answer(uintptr_t object, int nd, int64_t length, polytier_go_values *values)
{
    return length > 0 && fills(object, POLYTIER_GO_COMPLEX128, nd, 2 * length, values);
}

/* Returns the address of an array's first value, or 0: the proof that the layout is as it is taken to be. */
EXPORT uintptr_t polytier_go_address(uintptr_t object, int64_t rows, int64_t columns)
{
    polytier_go_values values;
    return polytier_go_matrix(object, rows, columns, &values) ? (uintptr_t)values.start : 0;
}

EXPORT int32_t polytier_go_start(char *level, int64_t threads)
{
    return forked ? POLYTIER_GO_FORKED : polytierGoStart(level, threads);
}

/* Writes the digest, the level or the last message, ended by a zero. */
EXPORT int32_t polytier_go_text(int32_t which, char *to, int64_t room)
{
    if (forked)
        return POLYTIER_GO_FORKED;
    polytierGoText(which, to, room);
    return POLYTIER_GO_OK;
}

/* Returns the order parameter, or not a number where polytier_go_mean_field says why. */
EXPORT double polytier_go_order_parameter(uintptr_t theta)
{
    polytier_go_values values;
    return forked || !polytier_go_vector(theta, -1, &values) ? NAN : polytierGoOrderParameter(values);
}

/* Returns the mean seconds of one of `calls` order parameters, timed beyond this boundary. */
EXPORT double polytier_go_bare_seconds(uintptr_t theta, int64_t calls)
{
    polytier_go_values values;
    return forked || !polytier_go_vector(theta, -1, &values) ? NAN : polytierGoBareSeconds(values, calls);
}

/* As polytier_go_order_parameter, the mean phase. */
EXPORT double polytier_go_mean_phase(uintptr_t theta)
{
    polytier_go_values values;
    return forked || !polytier_go_vector(theta, -1, &values) ? NAN : polytierGoMeanPhase(values);
}

/* Writes the order parameter and the mean phase. */
EXPORT int32_t polytier_go_mean_field(uintptr_t theta, uintptr_t to)
{
    polytier_go_values values, both;
    if (forked)
        return POLYTIER_GO_FORKED;
    if (!polytier_go_vector(theta, -1, &values) || !polytier_go_answer(to, 1, 2, &both))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoMeanField(values, both);
}

EXPORT int32_t polytier_go_build_knm(int64_t n, double base, double decay, uintptr_t to)
{
    polytier_go_values template;
    if (forked)
        return POLYTIER_GO_FORKED;
    if (!polytier_go_positive(base) || !polytier_go_positive(decay) || !polytier_go_answer(to, 2, n * n, &template))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoBuildKnm(n, base, decay, template);
}

EXPORT int32_t polytier_go_networked_force(uintptr_t theta, uintptr_t K, uintptr_t to)
{
    polytier_go_values phases, coupling, forces;
    if (forked)
        return POLYTIER_GO_FORKED;
    if (!polytier_go_vector(theta, -1, &phases) || !polytier_go_matrix(K, phases.length, phases.length, &coupling)
        || !polytier_go_answer(to, 1, phases.length, &forces))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoNetworkedForce(phases, coupling, forces);
}

/* Runs `steps` steps from the phases after `first`; the answers' addresses may be 0. */
EXPORT int32_t polytier_go_integrate(int32_t method, uintptr_t theta0, uintptr_t omega, uintptr_t K, double dt,
                                     int64_t first, int64_t steps, uintptr_t last, uintptr_t path, uintptr_t order,
                                     uintptr_t times)
{
    polytier_go_task task = {.method = method, .dt = dt, .first = first, .steps = steps};
    if (forked)
        return POLYTIER_GO_FORKED;
    if (!polytier_go_vector(theta0, -1, &task.theta))
        return POLYTIER_GO_UNREADABLE;
    int64_t n = task.theta.length;
    if (!polytier_go_vector(omega, n, &task.omega) || !polytier_go_matrix(K, n, n, &task.coupling)
        || !polytier_go_positive(dt) || steps < 0 || !polytier_go_answer(last, 1, n, &task.last)
        || !polytier_go_answer(path, 2, (steps + 1) * n, &task.path)
        || !polytier_go_answer(order, 1, steps + 1, &task.order) || !polytier_go_answer(times, 1, steps + 1, &task.times))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoIntegrate(&task);
}

/* Returns the number of steps that a run may take at once so that it can be ended soon. */
EXPORT int64_t polytier_go_part(int32_t method, int64_t n)
{
    return forked ? 1 : polytierGoPart(method, n);
}

/* Waits a while for a run, and returns how it ended or that it is still running. */
EXPORT int32_t polytier_go_wait(int64_t ticket)
{
    return forked ? POLYTIER_GO_FORKED : polytierGoWait(ticket);
}

/* Stops a run, and returns when it has ended; a run that has ended before is none to stop. */
EXPORT void polytier_go_stop(int64_t ticket)
{
    if (!forked)
        polytierGoStop(ticket);
}

/* Panics on purpose, here or in a helper, for the tests of what becomes of a panic. */
EXPORT int32_t polytier_go_panic(int32_t helper)
{
    return forked ? POLYTIER_GO_FORKED : polytierGoPanic(helper);
}
