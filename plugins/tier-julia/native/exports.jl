# The kernels as C functions, in the order in which Python takes their addresses.

const SIGNATURES = (
    (probe, (Object,)),
    (order_parameter, (Object,)),
    (repeat_order_parameter, (Object, Int64, Object)),
    (mean_phase, (Object,)),
    (build_knm, (Object, Float64, Float64)),
    (networked_force, (Object, Object, Object, Object)),
    (kuramoto_euler, (Object, Object, Object, Float64, Int64, Int64, Object, Object)),
    (kuramoto_rk4, (Object, Object, Object, Float64, Int64, Int64, Object, Object)),
    (kuramoto_phases, (Object, Object, Object, Float64, Int64, Int64, Object, Object)),
    (kuramoto_trajectory, (Object, Object, Object, Float64, Int64, Int64, Object, Object)),
)

# A C function that is made before its kernel is compiled would call into the runtime.
const COMPILED = all(precompile(kernel, types) for (kernel, types) in SIGNATURES)

const ADDRESSES = (
    @cfunction(probe, Float64, (Object,)),
    @cfunction(order_parameter, Float64, (Object,)),
    @cfunction(repeat_order_parameter, Int64, (Object, Int64, Object)),
    @cfunction(mean_phase, Float64, (Object,)),
    @cfunction(build_knm, Int64, (Object, Float64, Float64)),
    @cfunction(networked_force, Int64, (Object, Object, Object, Object)),
    @cfunction(kuramoto_euler, Int64, (Object, Object, Object, Float64, Int64, Int64, Object, Object)),
    @cfunction(kuramoto_rk4, Int64, (Object, Object, Object, Float64, Int64, Int64, Object, Object)),
    @cfunction(kuramoto_phases, Int64, (Object, Object, Object, Float64, Int64, Int64, Object, Object)),
    @cfunction(kuramoto_trajectory, Int64, (Object, Object, Object, Float64, Int64, Int64, Object, Object)),
)

"Learn how Python lays objects out, and write the addresses of all functions, from `to` on; return how many."
function connect(to::UInt64, head::Int64, type::UInt64, dtype::UInt64)::Int64
    LAYOUT.head, LAYOUT.type, LAYOUT.dtype = head, Object(type), Object(dtype)
    for (place, address) in enumerate(ADDRESSES)
        unsafe_store!(Ptr{Ptr{Cvoid}}(to), address, place)
    end
    COMPILED ? length(ADDRESSES) : 0
end
