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

/* Finds what every kernel of the family doppler takes. */
static int moving(const uintptr_t *arrays, polytier_go_beams *beams)
{
    if (!polytier_go_vector(arrays[0], -1, &beams->theta))
        return 0;
    int64_t n = beams->theta.length;
    return polytier_go_vector(arrays[1], n, &beams->position) && polytier_go_vector(arrays[2], n, &beams->velocity)
        && polytier_go_vector(arrays[3], n, &beams->omega) && polytier_go_matrix(arrays[4], n, n, &beams->coupling)
        && (arrays[5] == 0 || polytier_go_vector(arrays[5], n, &beams->rate)) && isfinite(beams->lag)
        && isfinite(beams->push) && polytier_go_positive(beams->epsilon) && polytier_go_positive(beams->scale)
        && beams->time >= 0 && isfinite(beams->time);
}

/* Writes the derivative; the rates' address may be 0. */
EXPORT int32_t polytier_go_doppler(uintptr_t phases, uintptr_t positions, uintptr_t velocities, uintptr_t omega,
                                   uintptr_t coupling, uintptr_t rate, double lag, double push, double epsilon,
                                   double scale, double time, uintptr_t to)
{
    const uintptr_t arrays[] = {phases, positions, velocities, omega, coupling, rate};
    polytier_go_beams beams = {.lag = lag, .push = push, .epsilon = epsilon, .scale = scale, .time = time};
    if (polytier_go_forked())
        return POLYTIER_GO_FORKED;
    if (!moving(arrays, &beams) || !polytier_go_answer(to, 1, beams.theta.length, &beams.to[0]))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoDoppler(&beams);
}

/* Writes a path; the address of the ticket may be 0, and the caller then waits until the end. */
EXPORT int32_t polytier_go_doppler_trace(uintptr_t phases, uintptr_t positions, uintptr_t velocities, uintptr_t omega,
                                         uintptr_t coupling, uintptr_t rate, double dt, int64_t steps, double lag,
                                         double push, double epsilon, double scale, double time, uintptr_t times,
                                         uintptr_t path, uintptr_t places, uintptr_t order, uintptr_t locks,
                                         uintptr_t ticket)
{
    const uintptr_t arrays[] = {phases, positions, velocities, omega, coupling, rate};
    polytier_go_beams beams = {.lag = lag, .push = push, .epsilon = epsilon, .scale = scale, .time = time, .dt = dt,
                               .steps = steps};
    if (polytier_go_forked())
        return POLYTIER_GO_FORKED;
    if (!moving(arrays, &beams) || !polytier_go_positive(dt) || steps < 0)
        return POLYTIER_GO_UNREADABLE;
    int64_t rows = steps + 1, n = beams.theta.length;
    if (!polytier_go_answer(times, 1, rows, &beams.to[0]) || !polytier_go_answer(path, 2, rows * n, &beams.to[1])
        || !polytier_go_answer(places, 2, rows * n, &beams.to[2])
        || !polytier_go_answer(order, 1, rows, &beams.to[3]) || !polytier_go_answer(locks, 1, rows, &beams.to[4]))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoTrace(&beams, (int64_t *)ticket);
}

/* Writes a commutator; the address of the ticket may be 0, and the caller then waits until the end. */
EXPORT int32_t polytier_go_commutator(uintptr_t a, uintptr_t b, uintptr_t to, uintptr_t ticket)
{
    polytier_go_pair pair = {.d = 0};
    if (polytier_go_forked())
        return POLYTIER_GO_FORKED;
    if (!polytier_go_complex(a, 2, -1, &pair.a))
        return POLYTIER_GO_UNREADABLE;
    pair.d = polytier_go_last(a);
    if (!polytier_go_complex(b, 2, pair.d, &pair.b) || !polytier_go_complex_answer(to, 2, pair.d * pair.d, &pair.to))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoCommutator(&pair, (int64_t *)ticket);
}

/* Transforms a matrix into weights, or weights into a matrix; of numbers of another count nothing is written. */
EXPORT int32_t polytier_go_pauli(int32_t reconstruct, uintptr_t from, uintptr_t to)
{
    polytier_go_values source, target;
    if (polytier_go_forked())
        return POLYTIER_GO_FORKED;
    if (!polytier_go_complex(from, reconstruct ? 1 : 2, -1, &source))
        return POLYTIER_GO_UNREADABLE;
    int64_t count = source.length / 2;
    while (count % 4 == 0)
        count /= 4;
    if (count != 1 || !polytier_go_complex_answer(to, reconstruct ? 2 : 1, source.length / 2, &target))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoPauli(reconstruct, source, target);
}

/* Writes a Hamiltonian to a matrix of zeros. */
EXPORT int32_t polytier_go_hamiltonian(uintptr_t K, uintptr_t omega, double delta, uintptr_t to)
{
    polytier_go_values coupling, fields, target;
    if (polytier_go_forked())
        return POLYTIER_GO_FORKED;
    if (!polytier_go_vector(omega, -1, &fields) || fields.length > 29
        || !polytier_go_matrix(K, fields.length, fields.length, &coupling)
        || !polytier_go_complex_answer(to, 2, (int64_t)1 << (2 * fields.length), &target))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoHamiltonian(coupling, fields, delta, target);
}

EXPORT int32_t polytier_go_expectations(uintptr_t psi, uintptr_t ex, uintptr_t ey, uintptr_t ez, uintptr_t coherence)
{
    polytier_go_values state, to[4];
    int64_t n = 0;
    if (polytier_go_forked())
        return POLYTIER_GO_FORKED;
    if (!polytier_go_complex(psi, 1, -1, &state))
        return POLYTIER_GO_UNREADABLE;
    while ((int64_t)2 << n < state.length)
        n++;
    if ((int64_t)2 << n != state.length || n == 0 || !polytier_go_answer(ex, 1, n, &to[0])
        || !polytier_go_answer(ey, 1, n, &to[1]) || !polytier_go_answer(ez, 1, n, &to[2])
        || !polytier_go_answer(coherence, 1, 1, &to[3]))
        return POLYTIER_GO_UNREADABLE;
    return polytierGoExpectations(state, to[0], to[1], to[2], to[3]);
}

/* Writes the dimension, and 1 if no limit stopped the search; the address of the ticket may be 0, as above. */
EXPORT int32_t polytier_go_algebra(uintptr_t generators, int64_t rounds, int64_t most, double small, uintptr_t to,
                                   uintptr_t ticket)
{
    polytier_go_search search = {.rounds = rounds, .most = most, .small = small};
    if (polytier_go_forked())
        return POLYTIER_GO_FORKED;
    if (!polytier_go_complex(generators, 3, -1, &search.generators) || rounds < 1 || most < 1
        || !polytier_go_positive(small) || !polytier_go_answer(to, 1, 2, &search.to))
        return POLYTIER_GO_UNREADABLE;
    search.d = polytier_go_last(generators);
    return polytierGoAlgebra(&search, (int64_t *)ticket);
}
