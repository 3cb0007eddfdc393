# Expectation values of single qubits, all from one pass over blocks of the state.

"Qubits of a block whose pairs are visited while it is near the core."
const QUBITS = 10

@inline swap_neighbours(x::Lanes) = Base.llvmcall(
    """%2 = shufflevector <8 x double> %0, <8 x double> undef,
        <8 x i32> <i32 2, i32 3, i32 0, i32 1, i32 6, i32 7, i32 4, i32 5>
    ret <8 x double> %2""", Lanes, Tuple{Lanes}, x)

@inline swap_halves(x::Lanes) = Base.llvmcall(
    """%2 = shufflevector <8 x double> %0, <8 x double> undef,
        <8 x i32> <i32 4, i32 5, i32 6, i32 7, i32 0, i32 1, i32 2, i32 3>
    ret <8 x double> %2""", Lanes, Tuple{Lanes}, x)

"Where the sums of each qubit go: real and imaginary part of the overlap, and the polarity."
struct Spins
    re::Ptr{Float64}
    im::Ptr{Float64}
    z::Ptr{Float64}
end

@inline function put_sums!(spins::Spins, q::Int64, re::Float64, im::Float64, z::Float64)
    unsafe_store!(spins.re, unsafe_load(spins.re, q + 1) + re, q + 1)
    unsafe_store!(spins.im, unsafe_load(spins.im, q + 1) + im, q + 1)
    unsafe_store!(spins.z, unsafe_load(spins.z, q + 1) + z, q + 1)
    nothing
end

"Write the expectation values, and return the coherence, or not a number where one is not finite."
@inline function expect!(from::Ptr{Float64}, n::Int64, ex::Ptr{Float64}, ey::Ptr{Float64}, ez::Ptr{Float64})
    spins = Spins(ex, ey, ez)
    for q in 1:n
        unsafe_store!(ex, 0.0, q)
        unsafe_store!(ey, 0.0, q)
        unsafe_store!(ez, 0.0, q)
    end
    visit!(spins, from, n)
    mean_x = mean_y = marks = 0.0
    for q in 1:n
        x, y = 2.0 * unsafe_load(ex, q), 2.0 * unsafe_load(ey, q)
        unsafe_store!(ex, x, q)
        unsafe_store!(ey, y, q)
        mean_x, mean_y, marks = mean_x + x, mean_y + y, marks + 0.0 * (x + y + unsafe_load(ez, q))
    end
    mean_x, mean_y = mean_x / n, mean_y / n
    Core.Intrinsics.sqrt_llvm(mean_x * mean_x + mean_y * mean_y) + marks
end

"Add the pairs of all qubits: the lower ones block by block, the others over pairs of blocks."
@inline function visit!(spins::Spins, from::Ptr{Float64}, n::Int64)
    block = min(n, QUBITS)
    for at in 0:(1<<(n-block))-1
        start = from + (16 << block) * at
        near_pairs!(spins, start, block)
        for q in 2:block-1, pair in 0:(1<<(block-q-1))-1
            up = start + (32 << q) * pair
            add_halves!(spins, q, up, up + (16 << q), 1 << q)
        end
        for q in block:n-1
            # A block pairs with those that come before it and differ in one higher bit.
            (at >> (q - block)) & 1 == 1 || continue
            add_halves!(spins, q, start - (16 << q), start, 1 << block)
        end
    end
    nothing
end

"Add the pairs of qubits 0 and 1, which lie in one vector."
@inline function near_pairs!(spins::Spins, from::Ptr{Float64}, n::Int64)
    re0 = im0 = re1 = im1 = squares = spread(0.0)
    at, stop = 0, 16 << n
    while at < stop
        x = stop < 64 ? load_first(from, 4) : load(from + at)
        near, far = swap_neighbours(x), swap_halves(x)
        re0, im0 = product_sum(x, near, re0), product_sum(x, turn(near), im0)
        re1, im1 = product_sum(x, far, re1), product_sum(x, turn(far), im1)
        squares = product_sum(x, x, squares)
        at += 64
    end
    put_sums!(spins, 0, pairs(re0), -pairs(im0), pairs(squares) - pairs(swap_neighbours(squares)))
    n > 1 && put_sums!(spins, 1, halves(re1), -halves(im1), halves(squares) - halves(swap_halves(squares)))
    nothing
end

@inline pairs(x::Lanes) = (x[1].value + x[2].value) + (x[5].value + x[6].value)
@inline halves(x::Lanes) = (x[1].value + x[2].value) + (x[3].value + x[4].value)

"Add the products of two stretches of `length` amplitudes, in which qubit `q` is up and down."
@noinline function add_halves!(spins::Spins, q::Int64, up::Ptr{Float64}, down::Ptr{Float64}, length::Int64)
    re = im = above = below = spread(0.0)
    at, stop = 0, 16 * length
    while at < stop
        a, b = load(up + at), load(down + at)
        re = product_sum(a, b, re)
        # The real part of conj(a) i b is the imaginary part of conj(a) b, negated.
        im = product_sum(a, turn(b), im)
        above, below = product_sum(a, a, above), product_sum(b, b, below)
        at += 64
    end
    put_sums!(spins, q, total(re), -total(im), total(sub(above, below)))
end
