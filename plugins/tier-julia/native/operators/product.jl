# Products of complex matrices: a tile of rows with a panel of four columns, in registers.

"Write a panel, four columns of a matrix of `d` rows side by side, with zeros beyond the last column."
@inline function pack_panel!(to::Ptr{Float64}, from::Ptr{Float64}, d::Int64, panel::Int64)
    count = min(WIDTH, 2 * d - WIDTH * panel)
    for k in 0:d-1
        store!(to + 64 * k, load_some(from + 16 * k * d + 64 * panel, count))
    end
    nothing
end

const Sums = Tuple{Lanes,Lanes}

@inline no_sums(::Val{R}) where {R} = ntuple(@inline(_ -> (spread(0.0), spread(0.0))), Val(R))

"Add the products of `R` entries of one column, real and imaginary parts apart, with a row of a panel."
@inline add_products(sums::NTuple{R,Sums}, left::Ptr{Float64}, stride::Int64, row::Lanes) where {R} =
    ntuple(@inline(r -> (
        product_sum(spread(unsafe_load(left + (r - 1) * stride)), row, sums[r][1]),
        product_sum(spread(unsafe_load(left + (r - 1) * stride, 2)), row, sums[r][2]),
    )), Val(R))

"Add the products of `R` rows with a panel to sums."
@inline function add_tile(sums::NTuple{R,Sums}, left::Ptr{Float64}, panel::Ptr{Float64}, d::Int64) where {R}
    for k in 0:d-1
        sums = add_products(sums, left + 16 * k, 16 * d, load(panel + 64 * k))
    end
    sums
end

@inline opposite(sums::NTuple{R,Sums}) where {R} =
    ntuple(@inline(r -> (negative(sums[r][1]), negative(sums[r][2]))), Val(R))

@inline function store_tile!(to::Ptr{Float64}, sums::NTuple{R,Sums}, d::Int64, count::Int64) where {R}
    for r in 1:R
        row, entries = to + 16 * (r - 1) * d, add(sums[r][1], turn(sums[r][2]))
        count == WIDTH ? store!(row, entries) : store_first!(row, entries, count)
    end
    nothing
end

"One product of `rows` rows with a square matrix of size `d`; with `less`, minus the product of the factors reversed."
struct Product
    d::Int64
    rows::Int64
    left::Ptr{Float64}
    right::Ptr{Float64}
    less::Bool
    to::Ptr{Float64}
    work::Ptr{Float64}
end

@inline function tile!(product::Product, row::Int64, panel::Int64, rows::Val)
    d, at = product.d, 16 * row * product.d
    sums = no_sums(rows)
    if product.less
        sums = opposite(add_tile(sums, product.right + at, product.work + 64 * d, d))
    end
    sums = add_tile(sums, product.left + at, product.work, d)
    store_tile!(product.to + at + 64 * panel, sums, d, min(WIDTH, 2 * d - WIDTH * panel))
end

"Compute a product, panel by panel."
@noinline function multiply!(product::Product)
    d, panel = product.d, 0
    while WIDTH * panel < 2 * d
        pack_panel!(product.work, product.right, d, panel)
        product.less && pack_panel!(product.work + 64 * d, product.left, d, panel)
        row = 0
        while row + 3 <= product.rows
            tile!(product, row, panel, Val(3))
            row += 3
        end
        while row < product.rows
            tile!(product, row, panel, Val(1))
            row += 1
        end
        panel += 1
    end
    nothing
end
