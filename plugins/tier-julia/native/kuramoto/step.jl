# One round of an integration: the slopes of all oscillators, and what they do to the phases.

"Euler's method: one round a step."
struct Euler end
"The classical method of fourth order: four rounds a step."
struct RungeKutta end

"Steps between two evaluations of sine and cosine from the phase itself, where they are rotated."
const RESYNC = 32
"Oscillators up to which rotating beats evaluating; beyond, the products with K are all that counts."
const ROTATE_MOST = 64

@inline rounds(::Euler) = 1
@inline rounds(::RungeKutta) = 4

"Advance all oscillators by one round."
@inline function advance!(network::Network, method, round::Int64)
    now, panel = (round & 1) + 1, PANEL * WIDTH
    # Backwards every other round: what was read last is still in the cache.
    last = (network.rows - 1) & -panel
    at = 0
    while at <= last
        row = now == 1 ? at : last - at
        vectors(network, row) == PANEL ? advance_panel!(network, method, round, now, row) :
            advance_rest!(network, method, round, now, row)
        at += panel
    end
    nothing
end

"Advance a panel of two vectors: eight sums of four lanes each are in registers."
@inline function advance_panel!(network::Network, method, round::Int64, now::Int64, row::Int64)
    sine, cosine = network.sine[now], network.cosine[now]
    from = network.packed + 8 * row * network.n
    s1 = c1 = s2 = c2 = spread(0.0)
    for column in 1:network.n
        s, c = spread(unsafe_load(sine, column)), spread(unsafe_load(cosine, column))
        first, second = load(from), load(from + 8 * WIDTH)
        s1, c1 = product_sum(first, s, s1), product_sum(first, c, c1)
        s2, c2 = product_sum(second, s, s2), product_sum(second, c, c2)
        from += 8 * PANEL * WIDTH
    end
    advance_vector!(network, method, round, now, row, s1, c1)
    advance_vector!(network, method, round, now, row + WIDTH, s2, c2)
end

"Advance the one vector of a last panel; columns are taken in turn, so that its few sums hide the latency too."
@inline function advance_rest!(network::Network, method, round::Int64, now::Int64, row::Int64)
    sine, cosine = network.sine[now], network.cosine[now]
    from = network.packed + 8 * row * network.n
    s1 = c1 = s2 = c2 = spread(0.0)
    column = 1
    while column < network.n
        first, second = load(from), load(from + 8 * WIDTH)
        s1 = product_sum(first, spread(unsafe_load(sine, column)), s1)
        c1 = product_sum(first, spread(unsafe_load(cosine, column)), c1)
        s2 = product_sum(second, spread(unsafe_load(sine, column + 1)), s2)
        c2 = product_sum(second, spread(unsafe_load(cosine, column + 1)), c2)
        from += 16 * WIDTH
        column += 2
    end
    if column == network.n
        s1 = product_sum(load(from), spread(unsafe_load(sine, column)), s1)
        c1 = product_sum(load(from), spread(unsafe_load(cosine, column)), c1)
    end
    advance_vector!(network, method, round, now, row, add(s1, s2), add(c1, c2))
end

"Advance one vector of oscillators, and write sine and cosine for the next round."
@inline function advance_vector!(network::Network, method, round::Int64, now::Int64, row::Int64, pull_s, pull_c)
    at = 8 * row
    s, c = load(network.sine[now] + at), load(network.cosine[now] + at)
    slope = product_sum(c, pull_s, load(network.omega + at))
    slope = product_sum(negative(s), pull_c, slope)
    move_phases!(network, method, round, 3 - now, at, s, c, slope)
end

@inline function move_phases!(network::Network, ::Euler, round::Int64, next::Int64, at::Int64, s, c, slope)
    # The increment goes in whole and once: theta + omega * dt kept from before would add a bias.
    angle = mul(slope, spread(network.dt))
    new = add(load(network.theta + at), angle)
    store!(network.theta + at, new)
    sine, cosine = network.sine[next] + at, network.cosine[next] + at
    if network.n > ROTATE_MOST || round % RESYNC == 0 || exceeds(angle, SMALL)
        put_sincos!(sine, cosine, new)
    else
        turn_s, turn_c = reduced(angle, SIN_SMALL, COS_SMALL)
        store!(sine, product_sum(s, turn_c, mul(c, turn_s)))
        store!(cosine, product_sum(negative(s), turn_s, mul(c, turn_c)))
    end
    nothing
end

@inline function move_phases!(network::Network, ::RungeKutta, round::Int64, next::Int64, at::Int64, s, c, slope)
    old, slopes = load(network.theta + at), network.slopes + at
    stage = round & 3
    if stage == 3
        new = product_sum(add(load(slopes), slope), spread(network.dt / 6.0), old)
        store!(network.theta + at, new)
    else
        store!(slopes, stage == 0 ? slope : product_sum(slope, spread(2.0), load(slopes)))
        new = product_sum(slope, spread(stage == 2 ? network.dt : 0.5 * network.dt), old)
    end
    put_sincos!(network.sine[next] + at, network.cosine[next] + at, new)
end
