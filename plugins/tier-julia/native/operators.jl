# The family `operators`: matrices that act on qubits. Arguments are NumPy arrays, checked here.

include("operators/product.jl")
include("operators/commutator.jl")
include("operators/weights.jl")
include("operators/hamiltonian.jl")
include("operators/expectations.jl")
include("operators/generators.jl")
include("operators/strings.jl")
include("operators/span.jl")

"Write the commutator; `work` has room for two panels of a matrix."
function commutator_dense(a::Object, b::Object, to::Object, work::Object)::Int64
    d = len(to)
    d > 0 && suitable_square(a, d) && suitable_square(b, d) || return UNSUITABLE
    commutator!(d, values(a), values(b), values(to), values(work))
    finite_marks(values(to), 2 * d * d) == 0.0 ? GOOD : NOT_FINITE
end

"Write the weights of a matrix on `n` qubits."
function pauli_decompose(H::Object, n::Int64, to::Object)::Int64
    suitable_square(H, 1 << n) || return UNSUITABLE
    decompose!(values(H), n, values(to))
end

"Write the matrix on `n` qubits that has these weights; `work` has room for as many."
function pauli_reconstruct(c::Object, n::Int64, to::Object, work::Object)::Int64
    suitable_complex(c, 1) && len(c) == 1 << (2 * n) || return UNSUITABLE
    reconstruct!(values(c), n, values(to), values(work))
end

"Write the entries that are not zero; `work` has room for a number for each pair of qubits."
function xy_hamiltonian_dense(K::Object, omega::Object, delta::Float64, to::Object, work::Object)::Int64
    suitable(omega, 1) || return UNSUITABLE
    n = len(omega)
    n > 0 && suitable_matrix(K, n) && finite(delta) && len(to) == 1 << n || return UNSUITABLE
    finite_marks(values(omega), n) + finite_marks(values(K), n * n) == 0.0 || return UNSUITABLE
    fill_hamiltonian!(values(K), values(omega), n, delta, values(to), values(work))
end

"Write the expectation values and return the coherence; not a number, or infinite, where one is not finite."
function pauli_expectations(psi::Object, ex::Object, ey::Object, ez::Object)::Float64
    n = len(ex)
    n > 0 && suitable_complex(psi, 1) && len(psi) == 1 << n || return NaN
    expect!(values(psi), n, values(ex), values(ey), values(ez))
end

"""
Write the generators that are not zero, each with a norm of 1, and to `found` what they are.

`found` begins with: how many; whether each is a multiple of one Pauli string; whether one has a trace; the place of
the first that is not Hermitian. The strings follow.
"""
function dla_generators(generators::Object, tol::Float64, units::Object, found::Object)::Int64
    suitable_complex(generators, 3) || return UNSUITABLE
    g, d = len(generators), columns(generators)
    g > 0 && d > 0 && extent(generators, 3) == d && 0.0 < tol <= floatmax(Float64) || return UNSUITABLE
    finite_marks(values(generators), 2 * g * d * d) == 0.0 || return UNSUITABLE
    take_generators!(values(generators), g, d, tol, values(units), Ptr{Int64}(values(found)))
end

"Write to `found` the dimension of what its strings generate, and whether no limit stopped the search."
function dla_strings(found::Object, n::Int64, rounds::Int64, most::Int64, known::Object, queue::Object)::Int64
    close_strings!(Ptr{Int64}(values(found)), n, rounds, most, Ptr{UInt8}(values(known)), Ptr{UInt32}(values(queue)))
end

"Go on with a search that `state` describes; `UNFINISHED` asks for room for more of the basis, or for patience."
function dla_span(
    units::Object, g::Int64, d::Int64, tol::Float64, most::Int64, ends::Int64, room::Int64,
    basis::Object, state::Object, work::Object
)::Int64
    search = Search(g, d, tol, most, ends, room, values(units), values(basis), Ptr{Int64}(values(state)), values(work))
    extend!(search)
end
