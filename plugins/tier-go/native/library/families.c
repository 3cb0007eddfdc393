/* The entry points of the families aer, faraday, doppler and operators: arrays by their addresses as objects, in the
 * order of the kernels' parameters, then numbers, then answers. */

#include <math.h>
#include <stddef.h>
#include "boundary.h"
#include "_cgo_export.h"

#define EXPORT __attribute__((visibility("default")))

/* Decodes events: 0 the rate, 1 the first event, 2 the inverse interval. A start of 2^64-1 is the first event's. */
EXPORT int32_t polytier_go_aer(int32_t decoder, uintptr_t address, uintptr_t t_ns, uintptr_t polarity, int64_t channels,
                               uint64_t window, uint64_t start, uintptr_t to)
{
    polytier_go_events events = {.window = window, .start = start};
    if (polytier_go_forked())
        return POLYTIER_GO_FORKED;
    if (!polytier_go_integers(address, POLYTIER_GO_INT64, &events.address))
        return POLYTIER_GO_UNREADABLE;
    if (!polytier_go_integers(t_ns, POLYTIER_GO_UINT64, &events.times)) {
        events.negative = 1;
        if (!polytier_go_integers(t_ns, POLYTIER_GO_INT64, &events.times))
            return POLYTIER_GO_UNREADABLE;
    }
    events.narrow = polytier_go_integers(polarity, POLYTIER_GO_INT8, &events.polarity);
    if (!events.narrow && !polytier_go_integers(polarity, POLYTIER_GO_INT64, &events.polarity))
        return POLYTIER_GO_UNREADABLE;
    if (events.times.length != events.address.length || events.polarity.length != events.address.length || window == 0
        || !polytier_go_answer(to, 1, channels, &events.to))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoAer(decoder, &events);
}
