# The model, and the phase velocities as they are defined: pair by pair, one rounding after each operation.

"What does not change with time; `rate` is null for zeros."
struct Model
    n::Int64
    velocity::Ptr{Float64}
    omega::Ptr{Float64}
    coupling::Ptr{Float64}
    rate::Ptr{Float64}
    lag::Float64
    push::Float64
    epsilon::Float64
    scale::Float64
end

@inline optional(array::Object) = array == C_NULL ? Ptr{Float64}(C_NULL) : values(array)

@inline Model(n::Int64, velocity::Object, omega::Object, coupling::Object, rate::Object, lag, push, epsilon, scale) =
    Model(n, values(velocity), values(omega), values(coupling), optional(rate), lag, push, epsilon, scale)

@inline suitable(velocities::Object, omega::Object, coupling::Object, rate::Object, n::Int64) =
    n > 0 && suitable_vector(velocities, n) && suitable_vector(omega, n) && suitable_matrix(coupling, n) &&
    (rate == C_NULL || suitable_vector(rate, n))

@inline finite(x::Float64) = abs(x) <= floatmax(Float64)

@inline time_sound(time::Float64) = time >= 0.0 && finite(time)

@inline sound(model::Model) =
    finite(model.lag) && finite(model.push) && 0.0 < model.epsilon <= floatmax(Float64) &&
    0.0 < model.scale <= floatmax(Float64)

@inline function finite_marks(model::Model)
    n = model.n
    marks = finite_marks(model.velocity, n) + finite_marks(model.omega, n) + finite_marks(model.coupling, n * n)
    model.rate == C_NULL ? marks : marks + finite_marks(model.rate, n)
end

"Load up to a vector of values, with zeros after them."
@inline load_some(from::Ptr{Float64}, count::Int64) = count == WIDTH ? load(from) : load_first(from, count)

"Load the couplings of up to a vector of rows with one column."
@inline function load_column(model::Model, first::Int64, count::Int64, column::Int64)
    from = model.coupling + 8 * (first * model.n + column)
    count == WIDTH ? gathered(from, model.n) : gathered_first(from, model.n, count)
end

"Return the pushes of one oscillator on a vector of others."
@inline function pushes(model::Model, velocity::Lanes, other::Lanes)
    mean = mul(spread(0.5), add(magnitude(velocity), magnitude(other)))
    mul(spread(model.push), div(sub(velocity, other), add(mean, spread(model.epsilon))))
end

"Return couplings weakened by distances."
@inline pulls(model::Model, coupling::Lanes, z::Lanes, other::Lanes) =
    div(coupling, add(spread(1.0), div(magnitude(sub(z, other)), spread(model.scale))))

"Write the phase velocities."
@inline function velocities!(model::Model, theta::Ptr{Float64}, z::Ptr{Float64}, time::Float64, to::Ptr{Float64})
    first = 0
    while first < model.n
        count = min(WIDTH, model.n - first)
        slope, range = some_velocities(model, theta, z, time, first, count)
        store_first!(to + 8 * first, slope, count)
        if strays(range)
            for row in first:first+count-1
                unsafe_store!(to, library_velocity(model, theta, z, time, row), row + 1)
            end
        end
        first += WIDTH
    end
    nothing
end

"Return the phase velocities of up to a vector of oscillators, and the bits that `strays` reads."
@inline function some_velocities(model::Model, theta, z, time::Float64, first::Int64, count::Int64)
    here, place = load_some(theta + 8 * first, count), load_some(z + 8 * first, count)
    velocity = load_some(model.velocity + 8 * first, count)
    slope = load_some(model.omega + 8 * first, count)
    rate = model.rate == C_NULL ? spread(0.0) : load_some(model.rate + 8 * first, count)
    slope, range = add(slope, mul(spread(time), rate)), spread(0.0)
    for column in 0:model.n-1
        coupling = load_column(model, first, count, column)
        if first <= column < first + count
            coupling = without(coupling, column - first)
        end
        pull = pulls(model, coupling, place, spread(unsafe_load(z, column + 1)))
        sine, _, bits = sincos_lanes(sub(sub(spread(unsafe_load(theta, column + 1)), here), spread(model.lag)))
        range = bits_or(range, bits)
        slope = add(slope, mul(pull, sine))
        slope = add(slope, pushes(model, velocity, spread(unsafe_load(model.velocity, column + 1))))
    end
    # The floor adds zeros for the oscillator itself: they take the sign from a negative zero.
    add(slope, spread(0.0)), range
end

"Return one phase velocity by Julia's own sine."
@noinline function library_velocity(model::Model, theta::Ptr{Float64}, z::Ptr{Float64}, time::Float64, row::Int64)
    at(from, place) = unsafe_load(from, place + 1)
    rate = model.rate == C_NULL ? 0.0 : at(model.rate, row)
    slope = at(model.omega, row) + time * rate
    for column in 0:model.n-1
        column == row && continue
        weight = 1.0 + abs(at(z, row) - at(z, column)) / model.scale
        sine, _ = library_sincos((at(theta, column) - at(theta, row)) - model.lag)
        slope += (at(model.coupling, row * model.n + column) / weight) * sine
        mean = 0.5 * (abs(at(model.velocity, row)) + abs(at(model.velocity, column))) + model.epsilon
        slope += model.push * ((at(model.velocity, row) - at(model.velocity, column)) / mean)
    end
    slope + 0.0
end
