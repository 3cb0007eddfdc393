/* The boundary to Python: reads the header of an ndarray where it lies, and keeps a forked child out of Go.
 *
 * Callers pass the address of the object, which costs them one `id()`; the buffer protocol would cost 300 ns an
 * argument. The header's layout is part of NumPy's ABI; polytier_go_setup is told what differs between interpreters,
 * and its caller proves the layout on an array of its own before anything else is read. */

#include <math.h>
#include <pthread.h>
#include <stddef.h>
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

static uintptr_t head, ndarray_type, float64_dtype;
static volatile int forked;

static void in_child(void) { forked = 1; }

/* Takes the size of the object header and the addresses of the type and of the dtype that are read. */
EXPORT void polytier_go_setup(uintptr_t header, uintptr_t type, uintptr_t dtype)
{
    if (head == 0)
        pthread_atfork(NULL, NULL, in_child);
    head = header;
    ndarray_type = type;
    float64_dtype = dtype;
}

/* Finds the values of an array with `nd` dimensions, at least one value, and the flags in `needed`. */
static int look(uintptr_t object, int nd, int needed, polytier_go_values *values, int64_t *rows)
{
    const ndarray *array = (const ndarray *)(object + head);
    /* The type stands last in the object header. */
    if (((const uintptr_t *)array)[-1] != ndarray_type || (uintptr_t)array->descr != float64_dtype
        || array->nd != nd || (array->flags & needed) != needed)
        return 0;
    *rows = array->dimensions[0];
    values->start = (double *)array->data;
    values->length = nd == 2 ? array->dimensions[0] * array->dimensions[1] : array->dimensions[0];
    return values->length > 0;
}

static int positive(double number) { return number > 0 && !isinf(number); }

static int vector(uintptr_t object, int64_t length, polytier_go_values *values)
{
    int64_t rows;
    return look(object, 1, C_CONTIGUOUS | ALIGNED, values, &rows) && (length < 0 || rows == length);
}

static int matrix(uintptr_t object, int64_t rows, int64_t columns, polytier_go_values *values)
{
    int64_t found;
    return look(object, 2, C_CONTIGUOUS | ALIGNED, values, &found) && found == rows
        && values->length == rows * columns;
}

/* Finds where an answer goes; the address 0 stands for one that is not wanted. */
static int answer(uintptr_t object, int nd, int64_t length, polytier_go_values *values)
{
    int64_t rows;
    if (object == 0) {
        values->start = NULL;
        values->length = 0;
        return 1;
    }
    return look(object, nd, C_CONTIGUOUS | ALIGNED | WRITEABLE, values, &rows) && values->length == length;
}

/* Returns the address of an array's first value, or 0: the proof that the layout is as it is taken to be. */
EXPORT uintptr_t polytier_go_address(uintptr_t object, int64_t rows, int64_t columns)
{
    polytier_go_values values;
    return matrix(object, rows, columns, &values) ? (uintptr_t)values.start : 0;
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
    return forked || !vector(theta, -1, &values) ? NAN : polytierGoOrderParameter(values);
}

/* Returns the mean seconds of one of `calls` order parameters, timed beyond this boundary. */
EXPORT double polytier_go_bare_seconds(uintptr_t theta, int64_t calls)
{
    polytier_go_values values;
    return forked || !vector(theta, -1, &values) ? NAN : polytierGoBareSeconds(values, calls);
}

/* As polytier_go_order_parameter, the mean phase. */
EXPORT double polytier_go_mean_phase(uintptr_t theta)
{
    polytier_go_values values;
    return forked || !vector(theta, -1, &values) ? NAN : polytierGoMeanPhase(values);
}

/* Writes the order parameter and the mean phase. */
EXPORT int32_t polytier_go_mean_field(uintptr_t theta, uintptr_t to)
{
    polytier_go_values values, both;
    if (forked)
        return POLYTIER_GO_FORKED;
    if (!vector(theta, -1, &values) || !answer(to, 1, 2, &both))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoMeanField(values, both);
}

EXPORT int32_t polytier_go_build_knm(int64_t n, double base, double decay, uintptr_t to)
{
    polytier_go_values template;
    if (forked)
        return POLYTIER_GO_FORKED;
    if (!positive(base) || !positive(decay) || !answer(to, 2, n * n, &template))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoBuildKnm(n, base, decay, template);
}

EXPORT int32_t polytier_go_networked_force(uintptr_t theta, uintptr_t K, uintptr_t to)
{
    polytier_go_values phases, coupling, forces;
    if (forked)
        return POLYTIER_GO_FORKED;
    if (!vector(theta, -1, &phases) || !matrix(K, phases.length, phases.length, &coupling)
        || !answer(to, 1, phases.length, &forces))
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
    if (!vector(theta0, -1, &task.theta))
        return POLYTIER_GO_UNREADABLE;
    int64_t n = task.theta.length;
    if (!vector(omega, n, &task.omega) || !matrix(K, n, n, &task.coupling) || !positive(dt) || steps < 0
        || !answer(last, 1, n, &task.last) || !answer(path, 2, (steps + 1) * n, &task.path)
        || !answer(order, 1, steps + 1, &task.order) || !answer(times, 1, steps + 1, &task.times))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoIntegrate(&task);
}

/* Returns the number of steps that a run may take at once so that it can be ended soon. */
EXPORT int64_t polytier_go_part(int32_t method, int64_t n)
{
    return forked ? 1 : polytierGoPart(method, n);
}

/* Panics on purpose, here or in a helper, for the tests of what becomes of a panic. */
EXPORT int32_t polytier_go_panic(int32_t helper)
{
    return forked ? POLYTIER_GO_FORKED : polytierGoPanic(helper);
}
