# The commutator: two products, or of pairs with a symmetry one.

"Size from which looking for a symmetry pays."
const SYMMETRY_LEAST = 24

@inline function commutator!(d::Int64, a::Ptr{Float64}, b::Ptr{Float64}, to::Ptr{Float64}, work::Ptr{Float64})
    sign = d < SYMMETRY_LEAST ? 0.0 : symmetry(a, d)
    sign = sign == 0.0 ? 0.0 : sign * symmetry(b, d)
    multiply!(Product(d, d, a, b, sign == 0.0, to, work))
    # b a is the adjoint of a b, or its opposite.
    sign == 0.0 || less_adjoint!(to, d, sign)
    nothing
end

"Return 1 of a Hermitian matrix, -1 of an anti-Hermitian one, 0 of another."
@noinline function symmetry(from::Ptr{Float64}, d::Int64)
    hermitian = opposite = true
    for i in 0:d-1
        for j in 0:i
            one, other = from + 16 * (i * d + j), from + 16 * (j * d + i)
            re, im, mirrored_re, mirrored_im = unsafe_load(one), unsafe_load(one, 2), unsafe_load(other), unsafe_load(other, 2)
            hermitian &= (re == mirrored_re) & (im == -mirrored_im)
            opposite &= (re == -mirrored_re) & (im == mirrored_im)
        end
        hermitian | opposite || return 0.0
    end
    hermitian ? 1.0 : -1.0
end

"Subtract the adjoint, times `sign`."
@noinline function less_adjoint!(to::Ptr{Float64}, d::Int64, sign::Float64)
    for i in 0:d-1, j in 0:i
        one, other = to + 16 * (i * d + j), to + 16 * (j * d + i)
        re, im, mirrored_re, mirrored_im = unsafe_load(one), unsafe_load(one, 2), unsafe_load(other), unsafe_load(other, 2)
        unsafe_store!(one, re - sign * mirrored_re, 1)
        unsafe_store!(one, im + sign * mirrored_im, 2)
        unsafe_store!(other, mirrored_re - sign * re, 1)
        unsafe_store!(other, mirrored_im + sign * im, 2)
    end
    nothing
end
