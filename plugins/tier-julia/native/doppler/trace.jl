# The path by the classical Runge-Kutta method.

"Where times, phases, positions, order parameters and lock errors go."
struct Trace
    time::Ptr{Float64}
    phases::Ptr{Float64}
    positions::Ptr{Float64}
    order::Ptr{Float64}
    lock::Ptr{Float64}
end

const FULL_TURN = 2.0 * pi

"Return the angle in [-pi, pi), rounded as in the definition: ((x + pi) mod 2 pi) - pi, with a floored mod."
@inline function wrapped(x::Float64)
    y = x + Float64(pi)
    0.0 <= y < FULL_TURN && return y - Float64(pi)
    # A remainder of something that is not finite would throw.
    finite(y) || return NaN
    rest = Core.Intrinsics.rem_float(y, FULL_TURN)
    (rest < 0.0 ? rest + FULL_TURN : rest) - Float64(pi)
end

"Write the first row."
@inline function begin!(beams::Beams, trace::Trace, theta::Ptr{Float64}, z::Ptr{Float64}, time::Float64)
    n = beams.model.n
    fill!(beams, theta, z)
    pull!(beams, beams.now, beams.position)
    unsafe_store!(trace.time, time)
    move!(trace.phases, theta, n)
    move!(trace.positions, z, n)
    most = 0.0
    for i in 1:n, j in 1:n
        most = max(most, abs(wrapped(unsafe_load(theta, j) - unsafe_load(theta, i))))
    end
    unsafe_store!(trace.lock, most)
    move!(beams.stage, beams.theta, beams.rows)
    evaluate!(beams)
    unsafe_store!(trace.order, beams_order(beams))
    nothing
end

"Take the steps `from` to `upto`."
@noinline function integrate!(beams::Beams, trace::Trace, from::Int64, upto::Int64)
    n = beams.model.n
    for step in from:upto-1
        take_step!(beams, unsafe_load(trace.time, step + 1))
        unsafe_store!(trace.time, unsafe_load(trace.time, step + 1) + beams.dt, step + 2)
        move!(trace.phases + 8 * (step + 1) * n, beams.theta, n)
        move!(trace.positions + 8 * (step + 1) * n, beams.position, n)
        # The first stage of the next step needs these sines too, but a last step has no next.
        move!(beams.stage, beams.theta, beams.rows)
        evaluate!(beams)
        unsafe_store!(trace.order, beams_order(beams), step + 2)
        unsafe_store!(trace.lock, lock(beams), step + 2)
    end
    nothing
end

@inline function take_step!(beams::Beams, time::Float64)
    h = beams.dt
    middle = time + 0.5 * h
    move_on!(beams, beams.middle, 0.5 * h)
    move_on!(beams, beams.final, h)
    pull!(beams, beams.half, beams.middle)
    move!(beams.stage, beams.theta, beams.rows)
    slopes!(beams, beams.now, time, false)
    # Steps that lead far amplify every rounding error: here the last bits of the first slopes count too.
    far = leads_far(beams)
    far && slopes!(beams, beams.now, time, true)
    advance!(beams, 0.5 * h, 0.0, 1.0)
    slopes!(beams, beams.half, middle, far)
    advance!(beams, 0.5 * h, 1.0, 2.0)
    slopes!(beams, beams.half, middle, far)
    advance!(beams, h, 1.0, 2.0)
    pull!(beams, beams.now, beams.final)
    slopes!(beams, beams.now, time + h, far)
    finish!(beams, h / 6.0)
    move!(beams.position, beams.final, beams.rows)
end

"Add the slopes to `old` times their sum, `weight` times, and move the stage on from the step's start."
@inline function advance!(beams::Beams, time::Float64, old::Float64, weight::Float64)
    at, stop = 0, 8 * beams.rows
    while at < stop
        slope = load(beams.slope + at)
        sum = old == 0.0 ? slope : add(load(beams.sum + at), mul(spread(weight), slope))
        store!(beams.sum + at, sum)
        store!(beams.stage + at, add(load(beams.theta + at), mul(spread(time), slope)))
        at += 8 * WIDTH
    end
    nothing
end

"Take the step and wrap the phases; rows beyond the last oscillator stay at 0."
@inline function finish!(beams::Beams, sixth::Float64)
    for row in 1:beams.model.n
        sum = unsafe_load(beams.sum, row) + unsafe_load(beams.slope, row)
        unsafe_store!(beams.theta, wrapped(unsafe_load(beams.theta, row) + sixth * sum), row)
    end
    nothing
end

"Return the order parameter of the phases whose sines and cosines are at hand."
@inline function beams_order(beams::Beams)
    s = c = 0.0
    for row in 1:beams.model.n
        s += unsafe_load(beams.sine, row)
        c += unsafe_load(beams.cosine, row)
    end
    coherence(c, s, beams.model.n)
end

"Return the largest distance between two phases on the circle, all of them wrapped."
@inline function lock(beams::Beams)
    turn, most = spread(FULL_TURN), spread(0.0)
    # Rows beyond the last oscillator stand for the first one.
    for row in beams.model.n+1:beams.rows
        unsafe_store!(beams.stage, unsafe_load(beams.stage), row)
    end
    for row in 0:beams.model.n-1
        angle, at, stop = spread(unsafe_load(beams.stage, row + 1)), 8 * (row & -WIDTH), 8 * beams.rows
        while at < stop
            apart = magnitude(sub(load(beams.stage + at), angle))
            most = larger(smaller(apart, sub(turn, apart)), most)
            at += 8 * WIDTH
        end
    end
    largest(most)
end
