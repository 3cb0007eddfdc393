# Run by `julia plugins/tier-julia/native/test/runtests.jl`; needs no Python.

using Test, InteractiveUtils

include(joinpath(@__DIR__, "..", "PolytierKernels.jl"))
const K = PolytierKernels

"What the kernels may call that is not inlined: their own slow paths, and Julia's functions of numbers."
const OWN = join((
    "integrate!|order_parameter|mean_field|library_sums|library_lanes!|finite_marks|library_velocity|pull!|slopes!",
    "far_slope|symmetry|multiply!|less_adjoint!|butterfly!|add_halves!|largest_part|scale_hermitian!|string_of",
    "normalise!|extend!|generator_vector!|element_matrix!|bracket_vector!|take!|project!",
), "|")
const ALLOWED = Regex("^(j|julia)_($OWN|atan|exp|sin|cos|rem|fmod)_\\d+\$")

"Return the names of the functions that compiled code calls."
function callees(f, types)
    code = sprint(io -> code_llvm(io, f, types; raw=true, dump_module=false, optimize=true))
    occursin("ptls", code) && return ["the runtime's own state"]
    lines = filter(line -> occursin(r"\b(call|invoke)\b", line), split(code, '\n'))
    names = [match(r"@\"?([^\"(]+)\"?\(|%(\w+)\(", line) for line in lines]
    [name === nothing ? "?" : something(name[1], name[2], "?") for name in names]
end

strangers(f, types) = filter(name -> !startswith(name, "llvm.") && match(ALLOWED, name) === nothing, callees(f, types))

@testset "no kernel calls into the runtime" begin
    if VERSION < v"1.9"
        P = Ptr{Float64}
        for (kernel, types) in K.SIGNATURES
            @test strangers(kernel, types) == []
        end
        for method in (K.Euler, K.RungeKutta)
            @test strangers(K.integrate!, (K.Arguments, method, K.Wanted, Int64, Int64)) == []
        end
        @test strangers(K.mean_field, (P, Int64)) == []
        @test strangers(K.library_sums, (P, Int64)) == []
        @test strangers(K.library_lanes!, (P, P)) == []
        @test strangers(K.finite_marks, (P, Int64)) == []
        @test strangers(K.library_velocity, (K.Model, P, P, Float64, Int64)) == []
        @test strangers(K.pull!, (K.Beams, P, P)) == []
        @test strangers(K.slopes!, (K.Beams, P, Float64, Bool)) == []
        @test strangers(K.far_slope, (K.Beams, P, Int64, K.Lanes)) == []
        @test strangers(K.multiply!, (K.Product,)) == []
        @test strangers(K.symmetry, (P, Int64)) == []
        @test strangers(K.less_adjoint!, (P, Int64, Float64)) == []
        @test strangers(K.butterfly!, (P, P, Int64, Bool)) == []
        @test strangers(K.add_halves!, (K.Spins, Int64, P, P, Int64)) == []
        @test strangers(K.largest_part, (P, Int64)) == []
        @test strangers(K.scale_hermitian!, (P, Int64, Float64, Float64, P)) == []
        @test strangers(K.string_of, (P, Int64, Float64)) == []
        @test strangers(K.normalise!, (P, Int64)) == []
        for part in (K.extend!, K.take!)
            @test strangers(part, (K.Search,)) == []
        end
        for part in (K.generator_vector!, K.element_matrix!, K.project!)
            @test strangers(part, (K.Search, Int64)) == []
        end
        @test strangers(K.bracket_vector!, (K.Search, P)) == []
        @test strangers(K.integrate!, (K.Beams, K.Trace, Int64, Int64)) == []
    end
    @test K.COMPILED
end

@testset "the order parameter is computed in vectors" begin
    code = sprint(io -> code_llvm(io, K.mean_field, (Ptr{Float64}, Int64); optimize=true))
    @test occursin("<8 x double>", code) || occursin("<4 x double>", code)
end

lanes(values) = GC.@preserve values K.load(pointer(values))

@testset "sine and cosine" begin
    worst, angles = 0.0, [sin(12.9898 * i) * 10.0^(i % 7) for i in 1:8000]
    for at in 1:8:7993
        some = angles[at:at+7]
        s, c, range = K.sincos_lanes(lanes(some))
        @test !K.strays(range)
        exact = sincos.(big.(some))
        for lane in 1:8
            worst = max(worst, abs(s[lane].value - exact[lane][1]), abs(c[lane].value - exact[lane][2]))
        end
    end
    @test worst < 5e-16
end

@testset "what strays is seen in every lane" begin
    for lane in 1:8, stray in (2e6, -2e6, 1e300, Inf, -Inf, NaN)
        some = fill(0.5, 8)
        some[lane] = stray
        @test K.strays(K.sincos_lanes(lanes(some))[3])
    end
    @test K.library_sincos(1e22) == (sin(1e22), cos(1e22))
    @test all(isnan, K.library_sincos(Inf))
    @test all(isnan, K.library_sincos(NaN))
end

@testset "lanes" begin
    some = collect(1.0:8.0)
    values(x) = [lane.value for lane in x]
    @test values(K.keep_first(lanes(some), 3)) == [1, 2, 3, 0, 0, 0, 0, 0]
    @test values(GC.@preserve some K.load_first(pointer(some), 2)) == [1, 2, 0, 0, 0, 0, 0, 0]
    @test values(K.without(lanes(some), 7)) == [1, 2, 3, 4, 5, 6, 7, 0]
    @test values(K.without(lanes(some), -1)) == some
    @test K.total(lanes(some)) == 36.0
    @test K.exceeds(lanes(some), 7.5)
    @test !K.exceeds(lanes(some), 8.0)
end

@testset "the mean field of any number of phases" begin
    for n in (1, 7, 8, 9, 4095, 4096, 4097, 10_000)
        theta = [3 * sin(78.233 * i) for i in 1:n]
        c, s = GC.@preserve theta K.mean_field(pointer(theta), n)
        @test abs(c - sum(cos, theta)) + abs(s - sum(sin, theta)) < 1e-15 * n
    end
    @test all(isnan, K.mean_field(Ptr{Float64}(C_NULL), 0))
end
