# A stretch of an integration; Python looks after its signals between two stretches.

"Where answers go, or null: the phases after every step, the order parameters after every step, the last phases."
struct Wanted
    path::Ptr{Float64}
    orders::Ptr{Float64}
    last::Ptr{Float64}
end

"""
Take the steps `from` to `upto`; step 0 begins anew, and a later one goes on with what the working memory holds.

One copy serves all kernels of a method: compiling is what the first call waits for.
"""
@noinline function integrate!(given::Arguments, method, wanted::Wanted, from::Int64, upto::Int64)::Int64
    suitable(given.theta, 1) || return UNSUITABLE
    n = len(given.theta)
    n > 0 && suitable(given, n) || return UNSUITABLE
    network = Network(given, n)
    if from == 0
        fill!(network, given) == GOOD || return NOT_FINITE
        prepare!(network)
        record!(network, wanted, 0)
    end
    each = rounds(method)
    for step in from:upto-1
        for round in each*step:each*step+each-1
            advance!(network, method, round)
        end
        record!(network, wanted, step + 1)
    end
    wanted.last == C_NULL || move!(wanted.last, network.theta, network.n)
    GOOD
end

@inline function prepare!(network::Network)
    at, stop = 0, 8 * network.rows
    while at < stop
        put_sincos!(network.sine[1] + at, network.cosine[1] + at, load(network.theta + at))
        at += 8 * WIDTH
    end
    nothing
end

@inline function record!(network::Network, wanted::Wanted, step::Int64)
    wanted.path == C_NULL || move!(wanted.path + 8 * step * network.n, network.theta, network.n)
    wanted.orders == C_NULL || unsafe_store!(wanted.orders, order(network, (step & 1) + 1), step + 1)
    nothing
end

@inline function order(network::Network, now::Int64)
    c = s = spread(0.0)
    at, stop = 0, 8 * network.rows
    while at < stop
        c, s = add(c, load(network.cosine[now] + at)), add(s, load(network.sine[now] + at))
        at += 8 * WIDTH
    end
    # A row that stands for no oscillator is at 0 and has cosine 1.
    coherence(total(c) - (network.rows - network.n), total(s), network.n)
end
