"""
The kernels of the Julia tier, as C functions.

A kernel works on memory that Python owns, allocates nothing, throws nothing and never calls into the runtime:
that is what lets any thread run it, also where Julia does not know the thread.
"""
module PolytierKernels

include("arrays.jl")
include("lanes.jl")
include("sincos.jl")
include("kuramoto.jl")
include("aer.jl")
include("doppler.jl")
include("faraday.jl")
include("operators.jl")
include("exports.jl")

end
