# The generators of a Lie algebra: scaled, checked, and recognised where they are Pauli strings.

"How much of a bracket must lie outside the span for it to be new: far above rounding, far below any real part."
const NEW = 1e-8
"Most qubits of a string whose two masks are a place in a table of 4^n bytes."
const MOST_QUBITS = 15
"Numbers in what is found before the strings."
const FOUND = 4

@inline length_of(re::Float64, im::Float64) = Core.Intrinsics.sqrt_llvm(re * re + im * im)

"Say whether a number is larger than `small`, also where squares vanish."
@inline beyond(re::Float64, im::Float64, small::Float64) = abs(re) > small || abs(im) > small || length_of(re, im) > small

@noinline function largest_part(from::Ptr{Float64}, count::Int64)
    most = 0.0
    for at in 1:count
        part = abs(unsafe_load(from, at))
        most = ifelse(part > most, part, most)
    end
    most
end

"Write the generators that are not zero, and what they are; `UNSUITABLE` where one is not Hermitian."
@inline function take_generators!(
    from::Ptr{Float64}, g::Int64, d::Int64, small::Float64, units::Ptr{Float64}, found::Ptr{Int64}
)
    bytes, top, count = 16 * d * d, largest_part(from, 2 * g * d * d), 0
    for index in 0:g-1
        scale = largest_part(from + bytes * index, 2 * d * d)
        scale > 0.0 && scale / top > small || continue
        if !scale_hermitian!(from + bytes * index, d, scale, small, units + bytes * count)
            unsafe_store!(found, index, 4)
            return NOT_FINITE
        end
        count += 1
    end
    unsafe_store!(found, count, 1)
    strings = true
    for index in 0:count-1
        string = string_of(units + bytes * index, d, small)
        strings &= string >= 0
        unsafe_store!(found, string, FOUND + 1 + index)
    end
    traced = false
    for index in 0:count-1
        traced |= normalise!(units + bytes * index, d)
    end
    unsafe_store!(found, Int64(strings), 2)
    unsafe_store!(found, Int64(traced), 3)
    GOOD
end

"Write the Hermitian part of a matrix divided by its scale, and say whether that is all there is of it."
@noinline function scale_hermitian!(from::Ptr{Float64}, d::Int64, scale::Float64, small::Float64, to::Ptr{Float64})
    for i in 0:d-1, j in 0:i
        one, other = 16 * (i * d + j), 16 * (j * d + i)
        re, im = unsafe_load(from + one) / scale, unsafe_load(from + one, 2) / scale
        mirrored_re, mirrored_im = unsafe_load(from + other) / scale, unsafe_load(from + other, 2) / scale
        beyond(re - mirrored_re, im + mirrored_im, small) && return false
        re, im = 0.5 * (re + mirrored_re), 0.5 * (im - mirrored_im)
        put!(to + one, re, im)
        put!(to + other, re, -im)
    end
    true
end

"Divide a matrix by its norm, and say whether it has a trace."
@noinline function normalise!(matrix::Ptr{Float64}, d::Int64)
    square = trace = 0.0
    for at in 1:2*d*d
        square += unsafe_load(matrix, at) * unsafe_load(matrix, at)
    end
    norm = Core.Intrinsics.sqrt_llvm(square)
    for at in 1:2*d*d
        unsafe_store!(matrix, unsafe_load(matrix, at) / norm, at)
    end
    for i in 0:d-1
        trace += unsafe_load(matrix + 16 * i * (d + 1))
    end
    abs(trace) > NEW * Core.Intrinsics.sqrt_llvm(Float64(d))
end

"""
Return `x | z << n` of the Pauli string that a matrix is a multiple of, or -1.

A bit of x is set where the string flips a qubit, a bit of z where it signs one.
"""
@noinline function string_of(matrix::Ptr{Float64}, d::Int64, small::Float64)
    n = trailing_zeros(d)
    d == 1 << n && n <= MOST_QUBITS || return -1
    x, most = 0, 0.0
    for column in 0:d-1
        size = length_of(entry(matrix + 16 * column)...)
        x, most = ifelse(size > most, column, x), ifelse(size > most, size, most)
    end
    most > small || return -1
    re, im = entry(matrix + 16 * x)
    z = 0
    for q in 0:n-1
        row = 1 << q
        a, b = entry(matrix + 16 * (row * d + row ⊻ x))
        z |= ifelse(a * re + b * im < 0.0, row, 0)
    end
    for row in 0:d-1
        sign = ifelse(isodd(count_ones(row & z)), -1.0, 1.0)
        for column in 0:d-1
            a, b = entry(matrix + 16 * (row * d + column))
            if column == row ⊻ x
                a, b = a - sign * re, b - sign * im
            end
            beyond(a, b, small) && return -1
        end
    end
    x | z << n
end
