# The state of a path, and its slopes from n sines and cosines and two products a stage.
#
# sin((y - a) - x) = sin(y - a) cos x - cos(y - a) sin x: the sums over the pairs become products with a matrix of
# pulls. The pulls depend on the time alone, and those at the end of a step are those at the start of the next.

"Arrays of one value for each row in the working memory of a path."
const BEAM_ARRAYS = 14
"The largest phase from whose sine and cosine those of differences are made: beyond, the rounding of the difference,
which the definition wants, would be missed."
const NEAR = 64.0

"""
Addresses of the state of a path, laid out in memory that Python allocated.

Arrays end on a whole vector. A matrix has the rows of a vector side by side, column after column. What does not
change is in it too: frequencies at time 0 with the constant pushes, their rates, and the couplings.
"""
struct Beams
    model::Model
    rows::Int64
    dt::Float64
    theta::Ptr{Float64}
    stage::Ptr{Float64}
    position::Ptr{Float64}
    middle::Ptr{Float64}
    final::Ptr{Float64}
    velocity::Ptr{Float64}
    omega::Ptr{Float64}
    rate::Ptr{Float64}
    sine::Ptr{Float64}
    cosine::Ptr{Float64}
    late_sine::Ptr{Float64}
    late_cosine::Ptr{Float64}
    slope::Ptr{Float64}
    sum::Ptr{Float64}
    coupling::Ptr{Float64}
    now::Ptr{Float64}
    half::Ptr{Float64}
end

@inline function Beams(model::Model, dt::Float64, work::Ptr{Float64})
    rows = padded(model.n)
    base = Ptr{Float64}((UInt(work) + 63) & ~UInt(63))
    at(place) = base + 8 * rows * place
    matrix(place) = at(BEAM_ARRAYS + place * model.n)
    Beams(model, rows, dt, ntuple(@inline(place -> at(place - 1)), Val(14))..., matrix(0), matrix(1), matrix(2))
end

"Return where the matrix entries of a vector of rows begin."
@inline panel(beams::Beams, matrix::Ptr{Float64}, row::Int64) = matrix + 8 * row * beams.model.n

"Copy what a path starts from and what does not change."
@inline function fill!(beams::Beams, theta::Ptr{Float64}, z::Ptr{Float64})
    model, row = beams.model, 0
    while row < beams.rows
        at, count = 8 * row, min(WIDTH, model.n - row)
        store!(beams.theta + at, load_some(theta + at, count))
        store!(beams.position + at, load_some(z + at, count))
        store!(beams.rate + at, model.rate == C_NULL ? spread(0.0) : load_some(model.rate + at, count))
        velocity = load_some(model.velocity + at, count)
        store!(beams.velocity + at, velocity)
        push, to = spread(0.0), panel(beams, beams.coupling, row)
        for column in 0:model.n-1
            push = add(push, pushes(model, velocity, spread(unsafe_load(model.velocity, column + 1))))
            coupling = load_column(model, row, count, column)
            inside = row <= column < row + count
            store!(to + 64 * column, inside ? without(coupling, column - row) : coupling)
        end
        store!(beams.omega + at, add(load_some(model.omega + at, count), keep_first(push, count)))
        row += WIDTH
    end
    nothing
end

"Write the positions after some time."
@inline function move_on!(beams::Beams, to::Ptr{Float64}, time::Float64)
    at, stop = 0, 8 * beams.rows
    while at < stop
        store!(to + at, add(load(beams.position + at), mul(spread(time), load(beams.velocity + at))))
        at += 8 * WIDTH
    end
    nothing
end

"Write the pulls at some positions."
@noinline function pull!(beams::Beams, to::Ptr{Float64}, z::Ptr{Float64})
    row = 0
    while row < beams.rows
        from, out, here = panel(beams, beams.coupling, row), panel(beams, to, row), load(z + 8 * row)
        for column in 0:beams.model.n-1
            other = spread(unsafe_load(z, column + 1))
            store!(out + 64 * column, pulls(beams.model, load(from + 64 * column), here, other))
        end
        row += WIDTH
    end
    nothing
end

"Write the slopes at the stage's phases, and their sines and cosines; pair by pair if asked, or if one is far from zero."
@noinline function slopes!(beams::Beams, matrix::Ptr{Float64}, time::Float64, plainly::Bool)
    far = evaluate!(beams) | plainly
    row = 0
    while row < beams.rows
        at = 8 * row
        free = add(load(beams.omega + at), mul(spread(time), load(beams.rate + at)))
        from = panel(beams, matrix, row)
        store!(beams.slope + at, far ? far_slope(beams, from, row, free) : near_slope(beams, from, at, free))
        row += WIDTH
    end
    nothing
end

"Say whether a step with these slopes leads far."
@inline function leads_far(beams::Beams)
    most, at, stop = spread(0.0), 0, 8 * beams.rows
    while at < stop
        most = larger(magnitude(mul(spread(beams.dt), load(beams.slope + at))), most)
        at += 8 * WIDTH
    end
    exceeds(most, NEAR)
end

"Write sines and cosines of the stage's phases, as they are and behind the lag; say whether one is far from zero."
@inline function evaluate!(beams::Beams)
    lag_s, lag_c = library_sincos(beams.model.lag)
    most, at, stop = spread(abs(beams.model.lag)), 0, 8 * beams.rows
    while at < stop
        angle = load(beams.stage + at)
        put_sincos!(beams.sine + at, beams.cosine + at, angle)
        s, c = load(beams.sine + at), load(beams.cosine + at)
        store!(beams.late_sine + at, sub(mul(s, spread(lag_c)), mul(c, spread(lag_s))))
        store!(beams.late_cosine + at, add(mul(c, spread(lag_c)), mul(s, spread(lag_s))))
        most = larger(magnitude(angle), most)
        at += 8 * WIDTH
    end
    exceeds(most, NEAR)
end

@inline function near_slope(beams::Beams, from::Ptr{Float64}, at::Int64, free::Lanes)
    n = beams.model.n
    s1 = c1 = s2 = c2 = spread(0.0)
    column = 1
    while column < n
        first, second = load(from), load(from + 64)
        s1 = product_sum(first, spread(unsafe_load(beams.late_sine, column)), s1)
        c1 = product_sum(first, spread(unsafe_load(beams.late_cosine, column)), c1)
        s2 = product_sum(second, spread(unsafe_load(beams.late_sine, column + 1)), s2)
        c2 = product_sum(second, spread(unsafe_load(beams.late_cosine, column + 1)), c2)
        from += 128
        column += 2
    end
    if column == n
        s1 = product_sum(load(from), spread(unsafe_load(beams.late_sine, column)), s1)
        c1 = product_sum(load(from), spread(unsafe_load(beams.late_cosine, column)), c1)
    end
    slope = product_sum(load(beams.cosine + at), add(s1, s2), free)
    product_sum(negative(load(beams.sine + at)), add(c1, c2), slope)
end

"""
As `near_slope`, pair by pair and by Julia's own sine, for phases far from zero.

Steps that lead so far amplify every rounding error: here the last bits count.
"""
@noinline function far_slope(beams::Beams, from::Ptr{Float64}, row::Int64, free::Lanes)
    here, slope = load(beams.stage + 8 * row), free
    # Nobody reads what is behind the lag now: sines and cosines of one vector of pairs go there.
    sine, cosine = beams.late_sine + 8 * row, beams.late_cosine + 8 * row
    for column in 0:beams.model.n-1
        other = spread(unsafe_load(beams.stage, column + 1))
        store!(sine, sub(sub(other, here), spread(beams.model.lag)))
        library_lanes!(sine, cosine)
        slope = add(slope, mul(load(from + 64 * column), load(sine)))
    end
    slope
end
