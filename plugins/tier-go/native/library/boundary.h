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
    POLYTIER_GO_REFUSED = 6
};

enum { POLYTIER_GO_DIGEST = 0, POLYTIER_GO_LEVEL = 1, POLYTIER_GO_MESSAGE = 2 };

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

#endif
