# The state of an integration and the packed couplings, in memory that Python allocated.

"Vectors of rows in a panel: the most whose sums stay in registers."
const PANEL = 2
"Arrays of one value for each row."
const ARRAYS = 7

"What an integration starts from; `work` has room for `ARRAYS` whole vectors of rows, `rows * n` couplings and a line."
struct Arguments
    theta::Object
    omega::Object
    coupling::Object
    dt::Float64
    work::Object
end

@inline suitable(given::Arguments, n::Int64) =
    suitable_vector(given.theta, n) && suitable_vector(given.omega, n) && suitable_matrix(given.coupling, n)

"""
Addresses of the state of a running integration.

Arrays of rows end on a whole vector; rows beyond `n` belong to oscillators that stand still at 0.
Sines and cosines are double: a round reads those of its own parity and writes the other.
"""
struct Network
    n::Int64
    rows::Int64
    dt::Float64
    theta::Ptr{Float64}
    omega::Ptr{Float64}
    slopes::Ptr{Float64}
    sine::NTuple{2,Ptr{Float64}}
    cosine::NTuple{2,Ptr{Float64}}
    packed::Ptr{Float64}
end

"Lay a network out, its packed couplings on a cache line."
@inline function Network(given::Arguments, n::Int64)
    rows = padded(n)
    base = Ptr{Float64}((UInt(values(given.work)) + 63) & ~UInt(63))
    at(place) = base + 8 * rows * place
    Network(n, rows, given.dt, at(0), at(1), at(2), (at(3), at(4)), (at(5), at(6)), at(ARRAYS))
end

"Return the vectors in the panel that begins at `row`."
@inline vectors(network::Network, row::Int64) = min(PANEL, (network.rows - row) ÷ WIDTH)

"Copy what the integration starts from, and say whether all of it is finite."
@inline function fill!(network::Network, given::Arguments)
    marks = copy_rows!(network.theta, values(given.theta), network)
    marks += copy_rows!(network.omega, values(given.omega), network)
    row = 0
    while row < network.rows
        stride = vectors(network, row) * WIDTH
        panel = network.packed + 8 * row * network.n
        part = 0
        while part < stride
            marks += pack!(panel + 8 * part, stride, values(given.coupling), row + part, network.n)
            part += WIDTH
        end
        row += stride
    end
    marks == 0.0 ? GOOD : NOT_FINITE
end

"Copy `n` values, with zeros after them; return zero, or not a number where a value is not finite."
@inline function copy_rows!(to::Ptr{Float64}, from::Ptr{Float64}, network::Network)
    marks = 0.0
    for row in 1:network.rows
        value = row <= network.n ? unsafe_load(from, row) : 0.0
        marks += 0.0 * value
        unsafe_store!(to, value, row)
    end
    marks
end

"Turn eight rows of couplings into one vector for each column, with a zero diagonal; returns as `copy_rows!`."
@inline function pack!(to::Ptr{Float64}, stride::Int64, coupling::Ptr{Float64}, first::Int64, n::Int64)
    marks = spread(0.0)
    count = min(WIDTH, n - first)
    for column in 0:n-1
        from = coupling + 8 * (first * n + column)
        values = count == WIDTH ? gathered(from, n) : gathered_first(from, n, count)
        marks = product_sum(values, spread(0.0), marks)
        store!(to + 8 * column * stride, values)
    end
    for lane in 0:count-1
        unsafe_store!(to, 0.0, (first + lane) * stride + lane + 1)
    end
    total(marks)
end

@inline gathered(from::Ptr{Float64}, n::Int64) = ntuple(i -> VecElement(unsafe_load(from, (i - 1) * n + 1)), Val(8))

@inline gathered_first(from::Ptr{Float64}, n::Int64, count::Int64) =
    ntuple(i -> VecElement(i <= count ? unsafe_load(from, (i - 1) * n + 1) : 0.0), Val(8))
