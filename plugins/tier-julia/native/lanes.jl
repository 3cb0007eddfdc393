# Vectors of eight float64: one register with AVX-512, two with AVX2, four without; LLVM splits them.

const WIDTH = 8
const Lanes = NTuple{8,VecElement{Float64}}

@inline spread(x::Float64) = Base.llvmcall(
    """%2 = insertelement <8 x double> undef, double %0, i32 0
    %3 = shufflevector <8 x double> %2, <8 x double> undef, <8 x i32> zeroinitializer
    ret <8 x double> %3""", Lanes, Tuple{Float64}, x)

# The alignment that these state is that of one float64: callers' arrays have no other.
@inline load(from::Ptr{Float64}) = unsafe_load(Ptr{Lanes}(from))
@inline store!(to::Ptr{Float64}, x::Lanes) = unsafe_store!(Ptr{Lanes}(to), x)

"Load `count` values and zeros after them."
@inline load_first(from::Ptr{Float64}, count::Int64) =
    ntuple(i -> VecElement(i <= count ? unsafe_load(from, i) : 0.0), Val(8))

"Store the first `count` lanes."
@inline function store_first!(to::Ptr{Float64}, x::Lanes, count::Int64)
    ntuple(i -> (i <= count && unsafe_store!(to, x[i].value, i); nothing), Val(8))
    nothing
end

"Keep the first `count` lanes and zero the others."
@inline keep_first(x::Lanes, count::Int64) = ntuple(i -> VecElement(i <= count ? x[i].value : 0.0), Val(8))

"Zero one lane, counted from 0, if there is such a lane."
@inline without(x::Lanes, lane::Int64) = ntuple(i -> VecElement(i == lane + 1 ? 0.0 : x[i].value), Val(8))

for (name, instruction) in ((:add, "fadd"), (:sub, "fsub"), (:mul, "fmul"), (:div, "fdiv"))
    body = "%3 = $instruction <8 x double> %0, %1\nret <8 x double> %3"
    @eval @inline $name(a::Lanes, b::Lanes) = Base.llvmcall($body, Lanes, Tuple{Lanes,Lanes}, a, b)
end

for (name, instruction) in ((:bits_xor, "xor"), (:bits_or, "or"), (:bits_and, "and"))
    body = """%3 = bitcast <8 x double> %0 to <8 x i64>
    %4 = bitcast <8 x double> %1 to <8 x i64>
    %5 = $instruction <8 x i64> %3, %4
    %6 = bitcast <8 x i64> %5 to <8 x double>
    ret <8 x double> %6"""
    @eval @inline $name(a::Lanes, b::Lanes) = Base.llvmcall($body, Lanes, Tuple{Lanes,Lanes}, a, b)
end

for (name, comparison) in ((:larger, "ogt"), (:smaller, "olt"))
    body = """%3 = fcmp $comparison <8 x double> %0, %1
    %4 = select <8 x i1> %3, <8 x double> %0, <8 x double> %1
    ret <8 x double> %4"""
    @eval @inline $name(a::Lanes, b::Lanes) = Base.llvmcall($body, Lanes, Tuple{Lanes,Lanes}, a, b)
end

"Return `a * b + c`, rounded once where the CPU can."
@inline product_sum(a::Lanes, b::Lanes, c::Lanes) =
    ccall("llvm.fmuladd.v8f64", llvmcall, Lanes, (Lanes, Lanes, Lanes), a, b, c)

@inline negative(x::Lanes) = bits_xor(x, spread(-0.0))

@inline magnitude(x::Lanes) = bits_and(x, spread(reinterpret(Float64, typemax(Int64))))

"Multiply pairs of lanes, real and imaginary parts, by the imaginary unit."
@inline turn(x::Lanes) = Base.llvmcall(
    """%2 = shufflevector <8 x double> %0, <8 x double> undef,
        <8 x i32> <i32 1, i32 0, i32 3, i32 2, i32 5, i32 4, i32 7, i32 6>
    %3 = bitcast <8 x double> %2 to <8 x i64>
    %4 = xor <8 x i64> %3, <i64 -9223372036854775808, i64 0, i64 -9223372036854775808, i64 0,
        i64 -9223372036854775808, i64 0, i64 -9223372036854775808, i64 0>
    %5 = bitcast <8 x i64> %4 to <8 x double>
    ret <8 x double> %5""", Lanes, Tuple{Lanes}, x)

"Negate the lanes of `x` where the lowest bit of `turns` is set."
@inline negate_odd(x::Lanes, turns::Lanes) = Base.llvmcall(
    """%3 = bitcast <8 x double> %0 to <8 x i64>
    %4 = bitcast <8 x double> %1 to <8 x i64>
    %5 = shl <8 x i64> %4, <i64 63, i64 63, i64 63, i64 63, i64 63, i64 63, i64 63, i64 63>
    %6 = xor <8 x i64> %3, %5
    %7 = bitcast <8 x i64> %6 to <8 x double>
    ret <8 x double> %7""", Lanes, Tuple{Lanes,Lanes}, x, turns)

"Return the sum of the lanes, in one fixed order."
@inline function total(x::Lanes)
    low = (x[1].value + x[5].value) + (x[3].value + x[7].value)
    high = (x[2].value + x[6].value) + (x[4].value + x[8].value)
    low + high
end

"Return the largest lane, or another than one that is not a number."
@inline function largest(x::Lanes)
    most(i, j) = ifelse(x[i].value > x[j].value, x[i].value, x[j].value)
    low, high = ifelse(most(1, 5) > most(3, 7), most(1, 5), most(3, 7)), ifelse(most(2, 6) > most(4, 8), most(2, 6), most(4, 8))
    ifelse(low > high, low, high)
end

"""
Return zero, or not a number where a value of an array is not finite.

One copy serves all kernels: compiling is what the first call waits for.
"""
@noinline function finite_marks(from::Ptr{Float64}, n::Int64)
    marks, zeros, at = spread(0.0), spread(0.0), 0
    while at + WIDTH <= n
        marks = product_sum(load(from + 8 * at), zeros, marks)
        at += WIDTH
    end
    at < n && (marks = product_sum(load_first(from + 8 * at, n - at), zeros, marks))
    total(marks)
end

"Return the bits of all lanes, joined by or."
@inline function joined_bits(x::Lanes)
    at(i) = reinterpret(UInt64, x[i].value)
    ((at(1) | at(5)) | (at(3) | at(7))) | ((at(2) | at(6)) | (at(4) | at(8)))
end

"Say whether a lane is beyond `limit` in magnitude, or not a number."
@inline function exceeds(x::Lanes, limit::Float64)
    inside(i) = abs(x[i].value) <= limit
    !((inside(1) & inside(5)) & (inside(3) & inside(7)) & (inside(2) & inside(6)) & (inside(4) & inside(8)))
end
