# An orthonormal basis of Hermitian matrices as real vectors: the diagonal, then the lower triangle times sqrt 2.

"Values that are multiplied between two moments in which Python can act on a signal."
const BUDGET = 100_000_000

"""
A search: `g` generators of size `d` and norm 1, what ends it, and memory that Python allocated.

`state` has: elements of the basis, where those of this round begin and end, the element and the generator that are
next, rounds left, and whether a limit stopped the search. Before the first round the generators themselves are taken.
"""
struct Search
    g::Int64
    d::Int64
    small::Float64
    most::Int64
    ends::Int64
    room::Int64
    units::Ptr{Float64}
    basis::Ptr{Float64}
    state::Ptr{Int64}
    work::Ptr{Float64}
end

const COUNT, EDGE, EDGE_END, ELEMENT, GENERATOR, ROUNDS, LIMITED = 1, 2, 3, 4, 5, 6, 7

@inline state(search::Search, place::Int64) = unsafe_load(search.state, place)
@inline state!(search::Search, place::Int64, value::Int64) = (unsafe_store!(search.state, value, place); nothing)

"Values of a vector: it ends in zeros on a whole one."
@inline coordinates(search::Search) = padded(search.d * search.d)
@inline row_of(search::Search, index::Int64) = search.basis + 8 * coordinates(search) * index
@inline vector(search::Search) = search.work
@inline element(search::Search) = search.work + 8 * coordinates(search)
@inline panel_of(search::Search) = element(search) + 16 * search.d * search.d
@inline products(search::Search) = panel_of(search) + 64 * search.d

@inline ended(search::Search) = state(search, LIMITED) != 0 || state(search, COUNT) == search.ends

"Search until there is an end, no room or no budget; `UNFINISHED` in the latter cases."
@noinline function extend!(search::Search)
    g, spent = search.g, 0
    # The generators are taken as if they were brackets with an element before the first.
    if state(search, EDGE_END) < 0
        for index in state(search, GENERATOR):g-1
            generator_vector!(search, index)
            take!(search) || return wait!(search, GENERATOR, index)
        end
        state!(search, GENERATOR, 0)
        state!(search, EDGE_END, state(search, COUNT))
    end
    while !ended(search) && state(search, EDGE) < state(search, EDGE_END) && state(search, ROUNDS) > 0
        for index in max(state(search, ELEMENT), state(search, EDGE)):state(search, EDGE_END)-1
            spent > BUDGET && return wait!(search, ELEMENT, index)
            element_matrix!(search, index)
            multiply!(Product(search.d, g * search.d, search.units, element(search), false, products(search), panel_of(search)))
            spent += g * search.d * search.d * (search.d + 2 * state(search, COUNT))
            for generator in state(search, GENERATOR):g-1
                bracket_vector!(search, products(search) + 16 * search.d * search.d * generator)
                if !take!(search)
                    state!(search, GENERATOR, generator)
                    return wait!(search, ELEMENT, index)
                end
            end
            state!(search, GENERATOR, 0)
            ended(search) && break
        end
        state!(search, EDGE, state(search, EDGE_END))
        state!(search, EDGE_END, state(search, COUNT))
        state!(search, ROUNDS, state(search, ROUNDS) - 1)
    end
    GOOD
end

@inline function wait!(search::Search, place::Int64, value::Int64)
    state!(search, place, value)
    UNFINISHED
end

"Write the vector of a Hermitian matrix whose entries `part(i, j)` gives for j <= i."
@inline function write_vector!(part, search::Search)
    d, to = search.d, vector(search)
    at = d + 1
    for i in 0:d-1
        unsafe_store!(to, part(i, i)[1], i + 1)
        for j in 0:i-1
            re, im = part(i, j)
            unsafe_store!(to, sqrt(2.0) * re, at)
            unsafe_store!(to, sqrt(2.0) * im, at + 1)
            at += 2
        end
    end
    while at <= coordinates(search)
        unsafe_store!(to, 0.0, at)
        at += 1
    end
    nothing
end

@noinline function generator_vector!(search::Search, index::Int64)
    d = search.d
    from = search.units + 16 * d * d * index
    write_vector!(@inline((i, j) -> entry(from + 16 * (i * d + j))), search)
end

"Write the vector of i (g b - b g), where b g is the adjoint of the product g b."
@noinline function bracket_vector!(search::Search, product::Ptr{Float64})
    d = search.d
    part = @inline((i, j) -> begin
        (re, im), (mirrored_re, mirrored_im) = entry(product + 16 * (i * d + j)), entry(product + 16 * (j * d + i))
        -(im + mirrored_im), re - mirrored_re
    end)
    write_vector!(part, search)
end

"Write an element of the basis as a matrix."
@noinline function element_matrix!(search::Search, index::Int64)
    d, from, to = search.d, row_of(search, index), element(search)
    at = d + 1
    for i in 0:d-1
        put!(to + 16 * i * (d + 1), unsafe_load(from, i + 1), 0.0)
        for j in 0:i-1
            re, im = sqrt(0.5) * unsafe_load(from, at), sqrt(0.5) * unsafe_load(from, at + 1)
            put!(to + 16 * (i * d + j), re, im)
            put!(to + 16 * (j * d + i), re, -im)
            at += 2
        end
    end
    nothing
end

"Take in the direction of the vector if it is new; false where there is no room for it."
@noinline function take!(search::Search)
    ended(search) && return true
    n, from, count = coordinates(search), vector(search), state(search, COUNT)
    size = Core.Intrinsics.sqrt_llvm(dot(from, from, n))
    size > search.small || return true
    scale!(from, size, from, n)
    rest = 1.0
    for _ in 1:2
        # Once leaves the rounding errors of a long vector.
        project!(search, count)
        rest = Core.Intrinsics.sqrt_llvm(dot(from, from, n))
        rest > NEW || return true
    end
    if count == search.most
        state!(search, LIMITED, 1)
        return true
    end
    count < search.room || return false
    scale!(from, rest, row_of(search, count), n)
    state!(search, COUNT, count + 1)
    true
end

@inline function dot(a::Ptr{Float64}, b::Ptr{Float64}, n::Int64)
    sum, at = spread(0.0), 0
    while at < 8 * n
        sum = product_sum(load(a + at), load(b + at), sum)
        at += 64
    end
    total(sum)
end

@inline function scale!(from::Ptr{Float64}, divisor::Float64, to::Ptr{Float64}, n::Int64)
    at = 0
    while at < 8 * n
        store!(to + at, div(load(from + at), spread(divisor)))
        at += 64
    end
    nothing
end

"Subtract from the vector what the basis spans of it, four elements at a time."
@noinline function project!(search::Search, count::Int64)
    bytes, index = 8 * coordinates(search), 0
    while index + 4 <= count
        project_rows!(vector(search), row_of(search, index), bytes, Val(4))
        index += 4
    end
    while index < count
        project_rows!(vector(search), row_of(search, index), bytes, Val(1))
        index += 1
    end
    nothing
end

@inline function project_rows!(from::Ptr{Float64}, rows::Ptr{Float64}, bytes::Int64, ::Val{R}) where {R}
    sums = ntuple(@inline(_ -> spread(0.0)), Val(R))
    at = 0
    while at < bytes
        sums = add_overlaps(sums, rows + at, bytes, load(from + at))
        at += 64
    end
    factors = opposite_totals(sums)
    at = 0
    while at < bytes
        store!(from + at, add_rows(factors, rows + at, bytes, load(from + at)))
        at += 64
    end
    nothing
end

@inline add_overlaps(sums::NTuple{R,Lanes}, rows::Ptr{Float64}, bytes::Int64, x::Lanes) where {R} =
    ntuple(@inline(r -> product_sum(load(rows + (r - 1) * bytes), x, sums[r])), Val(R))

@inline opposite_totals(sums::NTuple{R,Lanes}) where {R} = ntuple(@inline(r -> spread(-total(sums[r]))), Val(R))

@inline add_rows(factors::NTuple{1,Lanes}, rows::Ptr{Float64}, bytes::Int64, x::Lanes) =
    product_sum(factors[1], load(rows), x)

@inline add_rows(factors::NTuple{R,Lanes}, rows::Ptr{Float64}, bytes::Int64, x::Lanes) where {R} =
    add_rows(Base.tail(factors), rows + bytes, bytes, product_sum(factors[1], load(rows), x))
