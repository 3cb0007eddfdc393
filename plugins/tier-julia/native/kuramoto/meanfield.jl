# Sums of sines and cosines: the mean field of many phases.

"Phases that are summed as one: a stray angle sends its block, not all phases, the slow way."
const BLOCK = 4096

"Round a number of values up to whole vectors."
@inline padded(n::Int64) = (n + WIDTH - 1) & -WIDTH

# The sums are at most n: the squares can neither overflow nor matter where they vanish.
@inline coherence(c::Float64, s::Float64, n::Int64) = Core.Intrinsics.sqrt_llvm(c * c + s * s) / n

"""
Return the sums of cosines and sines; not numbers where a phase is not finite.

One copy serves two kernels: compiling is what the first call waits for.
"""
@noinline function mean_field(theta::Ptr{Float64}, n::Int64)
    c, s, at = 0.0, 0.0, 0
    while at < n
        count = min(BLOCK, n - at)
        block_c, block_s = block_sums(theta + 8 * at, count)
        c += block_c
        s += block_s
        at += count
    end
    n == 0 ? (NaN, NaN) : (c, s)
end

@inline function block_sums(theta::Ptr{Float64}, n::Int64)
    c = s = range = spread(0.0)
    at = 0
    while at + WIDTH <= n
        here_s, here_c, here_range = sincos_lanes(load(theta + 8 * at))
        c, s, range = add(c, here_c), add(s, here_s), bits_or(range, here_range)
        at += WIDTH
    end
    if at < n
        count = n - at
        here_s, here_c, here_range = sincos_lanes(load_first(theta + 8 * at, count))
        c, s, range = add(c, keep_first(here_c, count)), add(s, here_s), bits_or(range, here_range)
    end
    strays(range) ? library_sums(theta, n) : (total(c), total(s))
end

@noinline function library_sums(theta::Ptr{Float64}, n::Int64)
    c = s = 0.0
    for at in 1:n
        here_s, here_c = library_sincos(unsafe_load(theta, at))
        c += here_c
        s += here_s
    end
    c, s
end
