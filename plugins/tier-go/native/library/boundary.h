/* Where the numbers lie: what boundary.c finds out about an ndarray and hands to Go. */
#ifndef POLYTIER_GO_BOUNDARY_H
#define POLYTIER_GO_BOUNDARY_H

#include <stdint.h>

enum {
    POLYTIER_GO_OK = 0,
    POLYTIER_GO_UNREADABLE = 1, /* an argument is no plain float64 array, or of another shape */
    POLYTIER_GO_NOT_FINITE = 2,
    POLYTIER_GO_MEMORY = 3,
    POLYTIER_GO_FORKED = 4,
    POLYTIER_GO_PANIC = 5,
    POLYTIER_GO_REFUSED = 6,
    POLYTIER_GO_BAD_VALUE = 7, /* the message says which */
    POLYTIER_GO_RUNNING = 8,   /* polytier_go_wait tells how it ends */
    POLYTIER_GO_STOPPED = 9
};

/* What the values of an array are, in the order in which polytier_go_setup is told of the dtypes. */
enum {
    POLYTIER_GO_FLOAT64 = 0,
    POLYTIER_GO_COMPLEX128 = 1,
    POLYTIER_GO_INT64 = 2,
    POLYTIER_GO_UINT64 = 3,
    POLYTIER_GO_INT8 = 4,
    POLYTIER_GO_KINDS = 5
};

enum { POLYTIER_GO_DIGEST = 0, POLYTIER_GO_LEVEL = 1, POLYTIER_GO_MESSAGE = 2 };

/* Of complex numbers the length counts both parts; integers lie at `start` too, as their reader knows. */
typedef struct {
    double *start;
    int64_t length;
} polytier_go_values;

typedef struct {
    int32_t method;
    double dt;
    int64_t first, steps;
    polytier_go_values theta, omega, coupling, last, path, order, times;
} polytier_go_task;

typedef struct {
    int32_t narrow, negative; /* polarities of 8 bits; times of which one may be below 0 */
    uint64_t window, start;
    polytier_go_values address, times, polarity, to;
} polytier_go_events;

typedef struct {
    polytier_go_values from[5], to[5];
    double turns, load, efficiency;
} polytier_go_samples;

typedef struct {
    polytier_go_values theta, position, velocity, omega, coupling, rate, to[5];
    double lag, push, epsilon, scale, time, dt;
    int64_t steps;
} polytier_go_beams;

typedef struct {
    int64_t d;
    polytier_go_values a, b, to;
} polytier_go_pair;

typedef struct {
    int64_t d, rounds, most;
    double small;
    polytier_go_values generators, to;
} polytier_go_search;

#define POLYTIER_GO_HIDDEN __attribute__((visibility("hidden")))

/* The reading of arrays, for the entry points of every family; 0 where one is not as it must be. */
POLYTIER_GO_HIDDEN int polytier_go_forked(void);
POLYTIER_GO_HIDDEN int polytier_go_positive(double number);
POLYTIER_GO_HIDDEN int polytier_go_integers(uintptr_t object, int kind, polytier_go_values *values);
POLYTIER_GO_HIDDEN int polytier_go_vector(uintptr_t object, int64_t length, polytier_go_values *values);
POLYTIER_GO_HIDDEN int polytier_go_matrix(uintptr_t object, int64_t rows, int64_t columns, polytier_go_values *values);
POLYTIER_GO_HIDDEN int polytier_go_complex(uintptr_t object, int nd, int64_t size, polytier_go_values *values);
POLYTIER_GO_HIDDEN int64_t polytier_go_last(uintptr_t object);
POLYTIER_GO_HIDDEN int polytier_go_answer(uintptr_t object, int nd, int64_t length, polytier_go_values *values);
POLYTIER_GO_HIDDEN int polytier_go_complex_answer(uintptr_t object, int nd, int64_t length, polytier_go_values *values);

/* Notes what this thread's last failure said; polytier_go_text reads it. */
POLYTIER_GO_HIDDEN void polytier_go_say(char *text, int64_t length);
POLYTIER_GO_HIDDEN const char *polytier_go_said(void);

#endif
