# The kernels as C functions, in the order in which Python takes their addresses.

const MEAN_FIELD = (Float64, Object)
const INTEGRATION = (Int64, Object, Object, Object, Float64, Int64, Int64, Object, Object)
const DECODER = (Int64, Object, Object, Object, UInt64, Int64, UInt64, Object, Object)
const RECOVERY = (Int64, ntuple(_ -> Object, 5)..., Float64, Float64, Float64, ntuple(_ -> Object, 5)...)
const OSCILLATORS = (ntuple(_ -> Object, 6)..., Float64, Float64, Float64, Float64, Float64)
const EMF = (Float64, Float64, Float64, Float64, Float64, Float64)

"Each kernel with what it returns and takes."
const TABLE = (
    (:probe, MEAN_FIELD),
    (:order_parameter, MEAN_FIELD),
    (:repeat_order_parameter, (Int64, Object, Int64, Object)),
    (:mean_phase, MEAN_FIELD),
    (:build_knm, (Int64, Object, Float64, Float64)),
    (:networked_force, (Int64, Object, Object, Object, Object)),
    (:kuramoto_euler, INTEGRATION),
    (:kuramoto_rk4, INTEGRATION),
    (:kuramoto_phases, INTEGRATION),
    (:kuramoto_trajectory, INTEGRATION),
    (:aer_decode_rate, DECODER),
    (:aer_decode_temporal, DECODER),
    (:aer_decode_isi, DECODER),
    (:doppler_kuramoto, (Int64, OSCILLATORS..., Object)),
    (:doppler_kuramoto_trace, (Int64, OSCILLATORS..., Float64, Int64, Int64, ntuple(_ -> Object, 6)...)),
    (:faraday_recovery, RECOVERY),
    (:faraday_back_emf, EMF),
    (:commutator_dense, (Int64, Object, Object, Object, Object)),
    (:pauli_decompose, (Int64, Object, Int64, Object)),
    (:pauli_reconstruct, (Int64, Object, Int64, Object, Object)),
    (:xy_hamiltonian_dense, (Int64, Object, Object, Float64, Object, Object)),
    (:pauli_expectations, (Float64, Object, Object, Object, Object)),
    (:dla_generators, (Int64, Object, Float64, Object, Object)),
    (:dla_strings, (Int64, Object, Int64, Int64, Int64, Object, Object)),
    (:dla_span, (Int64, Object, Int64, Int64, Float64, Int64, Int64, Int64, Object, Object, Object)),
)

const SIGNATURES = Tuple((getfield(@__MODULE__, name), types[2:end]) for (name, types) in TABLE)

# A C function that is made before its kernel is compiled would call into the runtime.
const COMPILED = all(precompile(kernel, types) for (kernel, types) in SIGNATURES)

# The macro takes names and types as they are written.
written(name, types) = :(@cfunction($name, $(types[1]), $(Expr(:tuple, types[2:end]...))))
@eval const ADDRESSES = $(Expr(:tuple, (written(name, types) for (name, types) in TABLE)...))

"""
Learn how Python lays objects out, and write the addresses of all functions, from `to` on; return how many.

`known` has the addresses of the array type and of the dtypes, in the order of `Layout`.
"""
function connect(to::UInt64, head::Int64, known::UInt64)::Int64
    LAYOUT.head = head
    for place in 2:fieldcount(Layout)
        setfield!(LAYOUT, place, unsafe_load(Ptr{Object}(known), place - 1))
    end
    for (place, address) in enumerate(ADDRESSES)
        unsafe_store!(Ptr{Ptr{Cvoid}}(to), address, place)
    end
    COMPILED ? length(ADDRESSES) : 0
end
