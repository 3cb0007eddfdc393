# The XY Hamiltonian as a dense matrix, row by row into zeros.

"Write the entries that are not zero, and say whether they are finite; `strengths` has room for `n * n` numbers."
@inline function fill_hamiltonian!(
    K::Ptr{Float64}, omega::Ptr{Float64}, n::Int64, delta::Float64, to::Ptr{Float64}, strengths::Ptr{Float64}
)
    marks = couple!(K, n, strengths)
    for state in 0:(1<<n)-1
        row = to + (16 << n) * state
        energy = energy_of(omega, strengths, n, delta, state)
        marks += 0.0 * energy
        unsafe_store!(row + 16 * state, energy)
        for j in 1:n-1, i in 0:j-1
            (state >> i ⊻ state >> j) & 1 == 0 && continue
            hop = 0.0 - 2.0 * unsafe_load(strengths, j * n + i + 1)
            unsafe_store!(row + 16 * (state ⊻ (1 << i | 1 << j)), hop)
        end
    end
    marks == 0.0 ? GOOD : NOT_FINITE
end

"Write the symmetric couplings, of which none is used twice; return zero, or not a number where one overflows."
@inline function couple!(K::Ptr{Float64}, n::Int64, strengths::Ptr{Float64})
    marks = 0.0
    for j in 1:n-1, i in 0:j-1
        strength = 0.5 * unsafe_load(K, i * n + j + 1) + 0.5 * unsafe_load(K, j * n + i + 1)
        marks += 0.0 * (2.0 * strength)
        unsafe_store!(strengths, strength, j * n + i + 1)
    end
    marks
end

"Return the diagonal entry of a state."
@inline function energy_of(omega::Ptr{Float64}, strengths::Ptr{Float64}, n::Int64, delta::Float64, state::Int64)
    field = bond = 0.0
    for q in 0:n-1
        value = unsafe_load(omega, q + 1)
        field += ifelse(state >> q & 1 == 0, value, -value)
        # The bonds of a qubit with those before it, each with the sign of its own product of spins.
        partial = 0.0
        for i in 0:q-1
            strength = unsafe_load(strengths, q * n + i + 1)
            partial += ifelse((state >> q ⊻ state >> i) & 1 == 0, strength, -strength)
        end
        bond += partial
    end
    -field - delta * bond
end
