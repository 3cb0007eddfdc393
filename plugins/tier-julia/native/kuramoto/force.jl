# The pull of the network, straight from the caller's couplings: one use of K does not pay for packing it.

"Rows taken together, each with two sums in registers of its own."
const ROWS = 4

"Phases, couplings, and room for sines and cosines, which end in zeros on a whole vector."
struct Field
    n::Int64
    theta::Ptr{Float64}
    coupling::Ptr{Float64}
    sine::Ptr{Float64}
    cosine::Ptr{Float64}
end

"Write the forces and say whether all arguments were finite, as far as the forces tell."
@inline function write_forces!(field::Field, to::Ptr{Float64})
    n = field.n
    evaluate!(field)
    row = 0
    while row + ROWS <= n
        take_rows!(field, to, row, Val(ROWS))
        row += ROWS
    end
    while row < n
        take_rows!(field, to, row, Val(1))
        row += 1
    end
    # A sine and its cosine are never both zero: what is not finite leaves its mark in its row, but for the diagonal.
    marks = 0.0
    for row in 0:n-1
        marks += 0.0 * unsafe_load(to, row + 1) + 0.0 * unsafe_load(field.coupling, row * n + row + 1)
    end
    marks == 0.0 ? GOOD : NOT_FINITE
end

@inline function evaluate!(field::Field)
    at = 0
    while at < field.n
        count = min(WIDTH, field.n - at)
        angle = count == WIDTH ? load(field.theta + 8 * at) : load_first(field.theta + 8 * at, count)
        put_sincos!(field.sine + 8 * at, field.cosine + 8 * at, angle)
        count == WIDTH || store!(field.cosine + 8 * at, keep_first(load(field.cosine + 8 * at), count))
        at += WIDTH
    end
    nothing
end

@inline function take_rows!(field::Field, to::Ptr{Float64}, first::Int64, ::Val{R}) where {R}
    n = field.n
    sums = ntuple(_ -> (spread(0.0), spread(0.0)), Val(R))
    column = 0
    while column + WIDTH <= n
        sine, cosine = load(field.sine + 8 * column), load(field.cosine + 8 * column)
        diagonal = column < first + R && first < column + WIDTH
        sums = diagonal ? masked_products(field, sums, sine, cosine, first, column) :
            products(field, sums, sine, cosine, first, column)
        column += WIDTH
    end
    if column < n
        sine, cosine = load(field.sine + 8 * column), load(field.cosine + 8 * column)
        sums = last_products(field, sums, sine, cosine, first, column)
    end
    for row in 1:R
        pull_s, pull_c = total(sums[row][1]), total(sums[row][2])
        s, c = unsafe_load(field.sine, first + row), unsafe_load(field.cosine, first + row)
        unsafe_store!(to, c * pull_s - s * pull_c, first + row)
    end
    nothing
end

@inline row_at(field::Field, row::Int64, column::Int64) = field.coupling + 8 * (row * field.n + column)

@inline both(sum, k::Lanes, sine::Lanes, cosine::Lanes) = (product_sum(k, sine, sum[1]), product_sum(k, cosine, sum[2]))

@inline products(field::Field, sums::NTuple{R,Any}, sine, cosine, first, column) where {R} =
    ntuple(@inline(row -> both(sums[row], load(row_at(field, first + row - 1, column)), sine, cosine)), Val(R))

# The diagonal must not act, however large: a product with zero would leave its rounding error behind.
@inline masked_products(field::Field, sums::NTuple{R,Any}, sine, cosine, first, column) where {R} =
    ntuple(@inline(row -> both(sums[row], masked(field, first + row - 1, column), sine, cosine)), Val(R))

@inline last_products(field::Field, sums::NTuple{R,Any}, sine, cosine, first, column) where {R} =
    ntuple(@inline(row -> both(sums[row], masked_last(field, first + row - 1, column), sine, cosine)), Val(R))

@inline masked(field::Field, row::Int64, column::Int64) = without(load(row_at(field, row, column)), row - column)

@inline masked_last(field::Field, row::Int64, column::Int64) =
    without(load_first(row_at(field, row, column), field.n - column), row - column)
