# The coupling template of a stack of layers.

"Couplings of neighbours that are known: layer, next layer, strength."
const CALIBRATED = ((0, 1, 0.302), (1, 2, 0.201), (2, 3, 0.252), (3, 4, 0.154))
"Couplings that are at least so strong."
const AT_LEAST = ((4, 6, 0.15), (0, 15, 0.05))

@inline function put_pair!(to::Ptr{Float64}, n::Int64, i::Int64, j::Int64, strength::Float64)
    unsafe_store!(to, strength, i * n + j + 1)
    unsafe_store!(to, strength, j * n + i + 1)
    nothing
end

"Each row is the row before it, moved by one place; the pairs are set when the decay is complete."
@inline function fill_template!(to::Ptr{Float64}, n::Int64, base::Float64, decay::Float64)
    for distance in 0:n-1
        unsafe_store!(to, base * exp(-decay * distance), distance + 1)
    end
    for row in 1:n-1
        here, before = to + 8 * row * n, to + 8 * (row - 1) * n
        unsafe_store!(here, unsafe_load(to, row + 1))
        move!(here + 8, before, n - 1)
    end
    for (i, j, strength) in CALIBRATED
        j < n && put_pair!(to, n, i, j, strength)
    end
    for (i, j, least) in AT_LEAST
        j < n && put_pair!(to, n, i, j, max(unsafe_load(to, i * n + j + 1), least))
    end
    nothing
end

# unsafe_copyto! is a call that Julia 1.5 binds when it first runs: into the runtime.
@inline function move!(to::Ptr{Float64}, from::Ptr{Float64}, count::Int64)
    at = 0
    while at + WIDTH <= count
        store!(to + 8 * at, load(from + 8 * at))
        at += WIDTH
    end
    while at < count
        unsafe_store!(to, unsafe_load(from, at + 1), at + 1)
        at += 1
    end
    nothing
end
