# The family `kuramoto`: phase oscillators coupled by a matrix. Arguments are NumPy arrays, checked here.

include("kuramoto/meanfield.jl")
include("kuramoto/template.jl")
include("kuramoto/force.jl")
include("kuramoto/network.jl")
include("kuramoto/step.jl")
include("kuramoto/integrate.jl")

"Return how much the phases agree; not a number where an argument cannot be read as it is."
function order_parameter(theta::Object)::Float64
    suitable(theta, 1) || return NaN
    n = len(theta)
    c, s = mean_field(values(theta), n)
    coherence(c, s, n)
end

"Compute the order parameter `calls` times. The store may alias the phases, so no repetition can be left out."
function repeat_order_parameter(theta::Object, calls::Int64, to::Object)::Int64
    for _ in 1:calls
        unsafe_store!(values(to), order_parameter(theta))
    end
    GOOD
end

"Return the phase of the mean field; not a number where an argument cannot be read as it is."
function mean_phase(theta::Object)::Float64
    suitable(theta, 1) || return NaN
    c, s = mean_field(values(theta), len(theta))
    atan(s, c)
end

"Write the coupling template of as many layers as `to` has rows."
function build_knm(to::Object, base::Float64, decay::Float64)::Int64
    fill_template!(values(to), len(to), base, decay)
    GOOD
end

"Write the forces on all oscillators; `work` has room for two whole vectors of them."
function networked_force(theta::Object, K::Object, to::Object, work::Object)::Int64
    n = len(to)
    n > 0 && suitable_vector(theta, n) && suitable_matrix(K, n) || return UNSUITABLE
    write_forces!(Field(n, values(theta), values(K), values(work), values(work) + 8 * padded(n)), values(to))
end

"Take the steps `from` to `upto` of Euler's method and write the phases after them; step 0 begins anew."
function kuramoto_euler(
    theta0::Object, omega::Object, K::Object, dt::Float64, from::Int64, upto::Int64, to::Object, work::Object
)::Int64
    wanted = Wanted(C_NULL, C_NULL, values(to))
    integrate!(Arguments(theta0, omega, K, dt, work), Euler(), wanted, from, upto)
end

"As `kuramoto_euler`, by the classical method of fourth order."
function kuramoto_rk4(
    theta0::Object, omega::Object, K::Object, dt::Float64, from::Int64, upto::Int64, to::Object, work::Object
)::Int64
    wanted = Wanted(C_NULL, C_NULL, values(to))
    integrate!(Arguments(theta0, omega, K, dt, work), RungeKutta(), wanted, from, upto)
end

"As `kuramoto_euler`, writing the phases after every step; step 0 writes those before the first as well."
function kuramoto_phases(
    theta0::Object, omega::Object, K::Object, dt::Float64, from::Int64, upto::Int64, to::Object, work::Object
)::Int64
    wanted = Wanted(values(to), C_NULL, C_NULL)
    integrate!(Arguments(theta0, omega, K, dt, work), Euler(), wanted, from, upto)
end

"As `kuramoto_phases`, writing order parameters."
function kuramoto_trajectory(
    theta0::Object, omega::Object, K::Object, dt::Float64, from::Int64, upto::Int64, to::Object, work::Object
)::Int64
    wanted = Wanted(C_NULL, values(to), C_NULL)
    integrate!(Arguments(theta0, omega, K, dt, work), Euler(), wanted, from, upto)
end
