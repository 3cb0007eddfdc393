# NumPy arrays, read where they lie: their header is part of NumPy's binary interface.
# cffi's own way to an address, from_buffer, costs 560 ns a call where reading the header costs 60 ns.

"What a kernel returns beside its answer."
const GOOD = 0
const NOT_FINITE = 1
const UNSUITABLE = 2
const UNFINISHED = 3

"The object behind the address that Python calls its id."
const Object = Ptr{Cvoid}

"Where a header begins behind the object's head, and what type and dtypes suitable arrays have."
mutable struct Layout
    head::Int64
    type::Object
    float64::Object
    complex128::Object
    int64::Object
    uint64::Object
    int8::Object
end

const LAYOUT = Layout(0, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL, C_NULL)
const C_CONTIGUOUS = Cint(1)

@inline field(object::Object, ::Type{T}, at::Int64) where {T} = unsafe_load(Ptr{T}(object + LAYOUT.head + at))

@inline dtype(array::Object) = field(array, Object, 40)

"Say whether an object is exactly NumPy's array type, C-contiguous, with `dimensions`; its dtype may be any."
@inline plain(object::Object, dimensions::Int64) =
    field(object, Object, -8) == LAYOUT.type &&
    field(object, Cint, 8) == dimensions &&
    field(object, Cint, 48) & C_CONTIGUOUS != 0

"Say whether an object is a plain array of float64 in native order."
@inline suitable(object::Object, dimensions::Int64) = plain(object, dimensions) && dtype(object) == LAYOUT.float64

"Say whether an object is a plain array of complex128 in native order."
@inline suitable_complex(object::Object, dimensions::Int64) =
    plain(object, dimensions) && dtype(object) == LAYOUT.complex128

@inline values(array::Object) = field(array, Ptr{Float64}, 0)
@inline extent(array::Object, axis::Int64) = unsafe_load(field(array, Ptr{Int64}, 16), axis)
@inline len(array::Object) = extent(array, 1)
@inline columns(array::Object) = extent(array, 2)

@inline suitable_vector(object::Object, n::Int64) = suitable(object, 1) && len(object) == n
@inline suitable_matrix(object::Object, n::Int64) = suitable(object, 2) && len(object) == n && columns(object) == n
@inline suitable_square(object::Object, n::Int64) =
    suitable_complex(object, 2) && len(object) == n && columns(object) == n

"Return a sum over a vector, which tells Python whether the layout is what this file says."
function probe(array::Object)::Float64
    suitable(array, 1) || return NaN
    sum = 0.0
    for at in 1:len(array)
        sum += at * unsafe_load(values(array), at)
    end
    sum
end
