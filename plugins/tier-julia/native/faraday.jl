# The family `faraday`: energy recovered by induction. Arguments are NumPy arrays, checked here.

include("faraday/waveform.jl")

"Write the four waveforms, and to `totals` the energy and the two peaks."
function faraday_recovery(
    time::Object, radius::Object, velocity::Object, field::Object, rate::Object,
    turns::Float64, load::Float64, efficiency::Float64,
    flux::Object, flux_rate::Object, emf::Object, power::Object, totals::Object
)::Int64
    suitable(time, 1) || return UNSUITABLE
    n = len(time)
    alike = suitable_vector(radius, n) && suitable_vector(velocity, n) && suitable_vector(field, n) &&
        suitable_vector(rate, n)
    n > 1 && alike && len(flux) == n || return UNSUITABLE
    0.0 < turns <= floatmax(Float64) && 0.0 < load <= floatmax(Float64) && 0.0 <= efficiency <= 1.0 || return UNSUITABLE
    samples = Samples(
        n, values(time), values(radius), values(velocity), values(field), values(rate),
        turns, load, efficiency, values(flux), values(flux_rate), values(emf), values(power),
    )
    recover!(samples, values(totals))
end

"Return the electromotive force at one moment; not a number, or infinite, where there is none."
function faraday_back_emf(radius::Float64, velocity::Float64, field::Float64, rate::Float64, turns::Float64)::Float64
    radius >= 0.0 && turns > 0.0 || return NaN
    -turns * (pi * (((radius * radius) * rate) + (((2.0 * radius) * velocity) * field)))
end
