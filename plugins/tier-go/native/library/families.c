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

EXPORT int32_t polytier_go_faraday_recovery(uintptr_t time, uintptr_t radius, uintptr_t velocity, uintptr_t field,
                                            uintptr_t rate, double turns, double load, double efficiency,
                                            uintptr_t flux, uintptr_t flux_rate, uintptr_t back_emf, uintptr_t power,
                                            uintptr_t totals)
{
    polytier_go_samples samples = {.turns = turns, .load = load, .efficiency = efficiency};
    const uintptr_t from[] = {time, radius, velocity, field, rate}, to[] = {flux, flux_rate, back_emf, power};
    if (polytier_go_forked())
        return POLYTIER_GO_FORKED;
    if (!polytier_go_vector(time, -1, &samples.from[0]) || !polytier_go_positive(turns) || !polytier_go_positive(load)
        || !(efficiency >= 0 && efficiency <= 1) || !polytier_go_answer(totals, 1, 3, &samples.to[4]))
        return POLYTIER_GO_UNREADABLE;
    int64_t n = samples.from[0].length;
    for (int at = 1; at < 5; at++)
        if (!polytier_go_vector(from[at], n, &samples.from[at]))
            return POLYTIER_GO_UNREADABLE;
    for (int at = 0; at < 4; at++)
        if (!polytier_go_answer(to[at], 1, n, &samples.to[at]))
            return POLYTIER_GO_UNREADABLE;
    return polytierGoRecover(&samples);
}

/* Returns the electromotive force, or not a number where an argument or the answer is not as it must be. */
EXPORT double polytier_go_faraday_back_emf(double radius, double velocity, double field, double rate, double turns)
{
    if (polytier_go_forked() || !(radius >= 0) || !polytier_go_positive(turns))
        return NAN;
    return polytierGoBackEMF(radius, velocity, field, rate, turns);
}

/* As polytier_go_faraday_back_emf; says why there is no answer. */
EXPORT int32_t polytier_go_faraday_emf(double radius, double velocity, double field, double rate, double turns,
                                       uintptr_t to)
{
    polytier_go_values value;
    if (polytier_go_forked())
        return POLYTIER_GO_FORKED;
    if (!(radius >= 0) || !polytier_go_positive(turns) || !polytier_go_answer(to, 1, 1, &value))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoEMF(radius, velocity, field, rate, turns, value);
}
