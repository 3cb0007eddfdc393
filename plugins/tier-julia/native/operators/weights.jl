# Pauli weights: radix-4 butterflies on blocks in base-4 order, where row and column bits alternate.
#
# A block of 4^k numbers has four quarters for the two bits of its last qubit, and a butterfly over the quarters turns
# entries into weights or back, in place. Blocks are completed from the smallest up, or down, so that all but the last
# butterflies find their block in a cache near the core.

"Return bits 0, 2, 4 ... of a number side by side."
@inline function every_second(bits::Int64)
    bits &= 0x5555555555555555 % Int64
    bits = (bits | bits >> 1) & 0x3333333333333333 % Int64
    bits = (bits | bits >> 2) & 0x0f0f0f0f0f0f0f0f % Int64
    bits = (bits | bits >> 4) & 0x00ff00ff00ff00ff % Int64
    bits = (bits | bits >> 8) & 0x0000ffff0000ffff % Int64
    (bits | bits >> 16) & 0x00000000ffffffff % Int64
end

"Return where the four entries of a place in base-4 order lie in a matrix, given the bytes of a row."
@inline corner(matrix::Ptr{Float64}, place::Int64, row::Int64) =
    matrix + 2 * every_second(place >> 1) * row + 32 * every_second(place)

"Return the number of butterflies that a place completes, or begins."
@inline steps_at(place::Int64, most::Int64) = place == 0 ? most : min(most, trailing_zeros(place) >> 1)

"Turn the quarters of a block into weights, or into entries; a quarter has whole vectors."
@noinline function butterfly!(from::Ptr{Float64}, block::Ptr{Float64}, quarter::Int64, entries::Bool)
    at, bytes = 0, 8 * quarter
    while at < bytes
        here, to = from + at, block + at
        a, b = load(here), load(here + bytes)
        c, d = load(here + 2 * bytes), load(here + 3 * bytes)
        store!(to, add(a, d))
        store!(to + 3 * bytes, sub(a, d))
        if entries
            store!(to + bytes, sub(b, turn(c)))
            store!(to + 2 * bytes, add(b, turn(c)))
        else
            store!(to + bytes, add(b, c))
            store!(to + 2 * bytes, turn(sub(b, c)))
        end
        at += 8 * WIDTH
    end
    nothing
end

@inline entry(from::Ptr{Float64}) = (unsafe_load(from, 1), unsafe_load(from, 2))

@inline function put!(to::Ptr{Float64}, re::Float64, im::Float64)
    unsafe_store!(to, re, 1)
    unsafe_store!(to, im, 2)
    0.0 * re + 0.0 * im
end

"Write the weights of a matrix on `n` qubits, and say whether they are finite."
@inline function decompose!(from::Ptr{Float64}, n::Int64, to::Ptr{Float64})
    n == 0 && return put!(to, entry(from)...) == 0.0 ? GOOD : NOT_FINITE
    row, marks = 16 << n, 0.0
    scale = reinterpret(Float64, (1023 - n) << 52)
    for place in 0:(1<<(2*n-2))-1
        marks += leaf_weights!(corner(from, place, row), row, to + 64 * place, scale)
        quarter = 8
        for _ in 1:steps_at(place + 1, n - 1)
            butterfly!(to + 64 * (place + 1) - 32 * quarter, to + 64 * (place + 1) - 32 * quarter, quarter, false)
            quarter *= 4
        end
    end
    marks == 0.0 ? GOOD : NOT_FINITE
end

@inline function leaf_weights!(from::Ptr{Float64}, row::Int64, to::Ptr{Float64}, scale::Float64)
    (a, ai), (b, bi) = entry(from), entry(from + 16)
    (c, ci), (d, di) = entry(from + row), entry(from + row + 16)
    a, ai, b, bi, c, ci, d, di = a * scale, ai * scale, b * scale, bi * scale, c * scale, ci * scale, d * scale, di * scale
    marks = put!(to, a + d, ai + di) + put!(to + 16, b + c, bi + ci)
    marks + put!(to + 32, ci - bi, b - c) + put!(to + 48, a - d, ai - di)
end

"Write the matrix on `n` qubits that has these weights, and say whether it is finite."
@inline function reconstruct!(from::Ptr{Float64}, n::Int64, to::Ptr{Float64}, work::Ptr{Float64})
    n == 0 && return put!(to, entry(from)...) == 0.0 ? GOOD : NOT_FINITE
    row, marks = 16 << n, 0.0
    n > 1 && butterfly!(from, work, 2 << (2 * n - 2), true)
    weights = n > 1 ? work : from
    for place in 0:(1<<(2*n-2))-1
        size = min(n - 1, steps_at(place, n - 1) + 1)
        while size > 1
            butterfly!(work + 64 * place, work + 64 * place, 2 << (2 * size - 2), true)
            size -= 1
        end
        marks += leaf_entries!(weights + 64 * place, corner(to, place, row), row)
    end
    marks == 0.0 ? GOOD : NOT_FINITE
end

@inline function leaf_entries!(from::Ptr{Float64}, to::Ptr{Float64}, row::Int64)
    (i, ii), (x, xi) = entry(from), entry(from + 16)
    (y, yi), (z, zi) = entry(from + 32), entry(from + 48)
    marks = put!(to, i + z, ii + zi) + put!(to + 16, x + yi, xi - y)
    marks + put!(to + row, x - yi, xi + y) + put!(to + row + 16, i - z, ii - zi)
end
