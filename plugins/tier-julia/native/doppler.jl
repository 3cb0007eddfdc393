# The family `doppler`: phase oscillators that move along an axis. Arguments are NumPy arrays, checked here.

include("doppler/model.jl")
include("doppler/network.jl")
include("doppler/trace.jl")

"Write the phase velocities, and say whether all arguments and results are finite; `rate` may be null."
function doppler_kuramoto(
    phases::Object, positions::Object, velocities::Object, omega::Object, coupling::Object, rate::Object,
    lag::Float64, push::Float64, epsilon::Float64, scale::Float64, time::Float64, to::Object
)::Int64
    suitable(phases, 1) || return UNSUITABLE
    model = Model(len(phases), velocities, omega, coupling, rate, lag, push, epsilon, scale)
    n = model.n
    len(to) == n && suitable_vector(positions, n) && time_sound(time) || return UNSUITABLE
    suitable(velocities, omega, coupling, rate, n) && sound(model) || return UNSUITABLE
    marks = finite_marks(values(phases), n) + finite_marks(values(positions), n) + finite_marks(model)
    velocities!(model, values(phases), values(positions), time, values(to))
    marks + finite_marks(values(to), n) == 0.0 ? GOOD : NOT_FINITE
end

"Take the steps `from` to `upto`; step 0 begins anew, a later one goes on with what the working memory holds."
function doppler_kuramoto_trace(
    phases::Object, positions::Object, velocities::Object, omega::Object, coupling::Object, rate::Object,
    lag::Float64, push::Float64, epsilon::Float64, scale::Float64, time::Float64,
    dt::Float64, from::Int64, upto::Int64,
    times::Object, path::Object, places::Object, orders::Object, locks::Object, work::Object
)::Int64
    suitable(phases, 1) || return UNSUITABLE
    model = Model(len(phases), velocities, omega, coupling, rate, lag, push, epsilon, scale)
    n = model.n
    columns(path) == n && suitable_vector(positions, n) && time_sound(time) || return UNSUITABLE
    suitable(velocities, omega, coupling, rate, n) && sound(model) || return UNSUITABLE
    0.0 < dt <= floatmax(Float64) || return UNSUITABLE
    trace = Trace(values(times), values(path), values(places), values(orders), values(locks))
    beams = Beams(model, dt, values(work))
    if from == 0
        marks = finite_marks(values(phases), n) + finite_marks(values(positions), n) + finite_marks(model)
        marks == 0.0 || return NOT_FINITE
        begin!(beams, trace, values(phases), values(positions), time)
    end
    integrate!(beams, trace, from, upto)
    GOOD
end
