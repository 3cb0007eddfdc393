# The recovery, block by block: one pass for the waveforms, one over what is still in L1 for the energy.
# Products are never fused: flux, its rate and the electromotive force have the floor's bits.

"Samples of a block: nine arrays of them fit into L1."
const SAMPLES = 256

"The samples, and where the waveforms go."
struct Samples
    n::Int64
    time::Ptr{Float64}
    radius::Ptr{Float64}
    velocity::Ptr{Float64}
    field::Ptr{Float64}
    rate::Ptr{Float64}
    turns::Float64
    load::Float64
    efficiency::Float64
    flux::Ptr{Float64}
    flux_rate::Ptr{Float64}
    emf::Ptr{Float64}
    power::Ptr{Float64}
end

"What samples come to, lane by lane; `marks` are zeros, or not numbers where something is not finite."
struct Totals
    energy::Lanes
    rest::Float64
    emf::Lanes
    power::Lanes
    radius::Lanes
    step::Lanes
    marks::Lanes
end

"Write the waveforms and the totals, and say whether all arguments and results are sound."
@inline function recover!(samples::Samples, to::Ptr{Float64})
    zero, infinite = spread(0.0), spread(Inf)
    totals = Totals(zero, 0.0, zero, zero, infinite, infinite, zero)
    from = 0
    while from < samples.n
        upto = min(from + SAMPLES, samples.n)
        totals = waves!(samples, totals, from, upto)
        totals = intervals(samples, totals, max(from, 1), upto)
        from = upto
    end
    energy = total(totals.energy) + totals.rest
    unsafe_store!(to, energy, 1)
    unsafe_store!(to, largest(totals.emf), 2)
    unsafe_store!(to, largest(totals.power), 3)
    # What is not finite in a sample leaves its mark in the flux or the force, a power or a time in the energy.
    finite = total(totals.marks) + 0.0 * energy == 0.0
    positive = -largest(negative(totals.radius)) >= 0.0 && -largest(negative(totals.step)) > 0.0
    finite && positive ? GOOD : NOT_FINITE
end

@inline function waves!(samples::Samples, totals::Totals, from::Int64, upto::Int64)
    at = from
    while at + WIDTH <= upto
        place = 8 * at
        r, dr = load(samples.radius + place), load(samples.velocity + place)
        b, db = load(samples.field + place), load(samples.rate + place)
        totals, flux, rate, emf, power = wave(samples, totals, r, dr, b, db)
        store!(samples.flux + place, flux)
        store!(samples.flux_rate + place, rate)
        store!(samples.emf + place, emf)
        store!(samples.power + place, power)
        at += WIDTH
    end
    if at < upto
        place, count = 8 * at, upto - at
        r, dr = load_first(samples.radius + place, count), load_first(samples.velocity + place, count)
        b, db = load_first(samples.field + place, count), load_first(samples.rate + place, count)
        totals, flux, rate, emf, power = wave(samples, totals, r, dr, b, db)
        store_first!(samples.flux + place, flux, count)
        store_first!(samples.flux_rate + place, rate, count)
        store_first!(samples.emf + place, emf, count)
        store_first!(samples.power + place, power, count)
    end
    totals
end

@inline function wave(samples::Samples, totals::Totals, r::Lanes, dr::Lanes, b::Lanes, db::Lanes)
    flux = mul(mul(mul(spread(Float64(pi)), r), r), b)
    grown = mul(mul(r, r), db)
    moved = mul(mul(mul(spread(2.0), r), dr), b)
    rate = mul(spread(Float64(pi)), add(grown, moved))
    emf = mul(spread(-samples.turns), rate)
    # Without efficiency the force is not squared: its square may be beyond float64.
    power = samples.efficiency == 0.0 ? spread(0.0) :
        div(mul(mul(spread(samples.efficiency), emf), emf), spread(samples.load))
    marks = add(totals.marks, add(mul(spread(0.0), flux), mul(spread(0.0), emf)))
    after = Totals(
        totals.energy, totals.rest, larger(magnitude(emf), totals.emf), larger(power, totals.power),
        smaller(r, totals.radius), totals.step, marks,
    )
    after, flux, rate, emf, power
end

"Add the energies of the intervals that end at the samples `from` up to `upto`."
@inline function intervals(samples::Samples, totals::Totals, from::Int64, upto::Int64)
    energy, rest, least, at = totals.energy, totals.rest, totals.step, from
    while at + WIDTH <= upto
        time, power = samples.time + 8 * at, samples.power + 8 * at
        step = sub(load(time), load(time - 8))
        energy = add(energy, mul(mul(spread(0.5), add(load(power - 8), load(power))), step))
        least = smaller(step, least)
        at += WIDTH
    end
    while at < upto
        step = unsafe_load(samples.time, at + 1) - unsafe_load(samples.time, at)
        rest += (0.5 * (unsafe_load(samples.power, at) + unsafe_load(samples.power, at + 1))) * step
        least = smaller(spread(step), least)
        at += 1
    end
    Totals(energy, rest, totals.emf, totals.power, totals.radius, least, totals.marks)
end
