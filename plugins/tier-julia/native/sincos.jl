# Sine and cosine of vectors: absolute error below 5e-16 for angles up to 1.6e6.
# Larger angles go to Julia's own functions.

# sin(r) = r + r^3 P(r^2) and cos(r) = 1 + r^2 Q(r^2) on |r| <= pi/2: minimax fits, highest power first.
const SIN_HALF = (-7.364590919239623e-13, 1.6047296551807267e-10, -2.5051851344093113e-8, 2.755731607450459e-6,
    -0.0001984126982007312, 0.008333333333262794, -0.1666666666666581)
const COS_HALF = (4.6102609095571304e-14, -1.1463036322581879e-11, 2.0876567628456935e-9, -2.755731652308337e-7,
    2.4801587279126705e-5, -0.0013888888888785528, 0.04166666666666437, -0.49999999999999983)

# As above on |r| <= SMALL.
const SIN_SMALL = (-0.00019839063203647774, 0.008333333278408479, -0.16666666666662552)
const COS_SMALL = (-0.0013887028042715314, 0.041666666245315585, -0.4999999999997288)
const SMALL = 0.0625

# pi in three parts; the first two leave room for twenty bits of a factor, so that their products are exact.
const PI_PARTS = (3.1415926534682512, 1.2154201012607932e-10, 4.044532497591901e-21)

# Adding it rounds to an integer; the bias of 2^19 keeps the bits above twenty clear, for negative integers too.
const MAGIC = 6755399441055744.0 + 524288.0
const STRAY = ~UInt64(0xfffff)

# The step from two coefficients to one; a function of its own, because generators may hold no closures.
pair(at::Int) = :(product_sum(spread(c[$at]), x, spread(c[$(at + 1)])))

"""
Return the polynomial at `x`, given the square of `x`.

Two chains, for even and for odd powers: one long chain would fill the CPU's queues.
"""
@generated function polynomial(x::Lanes, square::Lanes, c::NTuple{N,Float64}) where {N}
    # Generated, because Julia does not inline a recursion over the coefficients.
    value = iseven(N) ? pair(1) : :(spread(c[1]))
    for at in 3-N%2:2:N
        value = :(product_sum($value, square, $(pair(at))))
    end
    Expr(:block, Expr(:meta, :inline), value)
end

@inline function reduced(r::Lanes, sine::NTuple{S,Float64}, cosine::NTuple{C,Float64}) where {S,C}
    square = mul(r, r)
    fourth = mul(square, square)
    s = product_sum(polynomial(square, fourth, sine), mul(r, square), r)
    s, product_sum(polynomial(square, fourth, cosine), square, spread(1.0))
end

"""
Return sines, cosines, and the bits that `strays` reads.

A reduction to half a turn leaves a sign to set and nothing to select.
"""
@inline function sincos_lanes(angle::Lanes)
    magic = spread(MAGIC)
    turns = product_sum(angle, spread(1 / pi), magic)
    factor = negative(sub(turns, magic))
    r = product_sum(factor, spread(PI_PARTS[1]), angle)
    r = product_sum(factor, spread(PI_PARTS[2]), r)
    r = product_sum(factor, spread(PI_PARTS[3]), r)
    s, c = reduced(r, SIN_HALF, COS_HALF)
    negate_odd(s, turns), negate_odd(c, turns), bits_xor(turns, magic)
end

"Say whether an angle behind these bits is too large for the fast reduction, or not finite."
@inline strays(range::Lanes) = joined_bits(range) & STRAY != 0

"Return sine and cosine by Julia's own functions; not numbers for an angle that is not finite."
@inline function library_sincos(angle::Float64)
    # Julia's sine throws for an infinite angle, and a kernel must not throw.
    abs(angle) <= floatmax(Float64) ? (sin(angle), cos(angle)) : (NaN, NaN)
end

"Write sines and cosines of the eight angles that lie where the sines go."
@noinline function library_lanes!(sine::Ptr{Float64}, cosine::Ptr{Float64})
    for lane in 1:WIDTH
        s, c = library_sincos(unsafe_load(sine, lane))
        unsafe_store!(sine, s, lane)
        unsafe_store!(cosine, c, lane)
    end
    nothing
end

"Write sines and cosines of eight angles."
@inline function put_sincos!(sine::Ptr{Float64}, cosine::Ptr{Float64}, angle::Lanes)
    s, c, range = sincos_lanes(angle)
    store!(sine, s)
    store!(cosine, c)
    if strays(range)
        store!(sine, angle)
        library_lanes!(sine, cosine)
    end
    nothing
end
