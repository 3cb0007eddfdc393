# The family `aer`: address-event representation. Arguments are NumPy arrays, checked here.

include("aer/events.jl")
include("aer/decode.jl")

"Write the signed rates into zeros; `given` says whether `start` is, else the first event's time is taken."
function aer_decode_rate(
    address::Object, t_ns::Object, polarity::Object, start::UInt64, given::Int64, window::UInt64, to::Object, work::Object
)::Int64
    readable(address, t_ns, polarity) || return UNSUITABLE
    events = Events(address, t_ns, polarity, start, given, window, to)
    ends_in_time(events) ? add_rates!(events, values(to)) : UNSUITABLE
end

"Write how early each channel's first event comes into zeros."
function aer_decode_temporal(
    address::Object, t_ns::Object, polarity::Object, start::UInt64, given::Int64, window::UInt64, to::Object, work::Object
)::Int64
    readable(address, t_ns, polarity) || return UNSUITABLE
    events = Events(address, t_ns, polarity, start, given, window, to)
    ends_in_time(events) ? write_firsts!(events, values(to)) : UNSUITABLE
end

"Write the inverse mean intervals; `work` has room for three numbers of each channel, the first of them zeros."
function aer_decode_isi(
    address::Object, t_ns::Object, polarity::Object, start::UInt64, given::Int64, window::UInt64, to::Object, work::Object
)::Int64
    readable(address, t_ns, polarity) || return UNSUITABLE
    events = Events(address, t_ns, polarity, start, given, window, to)
    ends_in_time(events) ? write_intervals!(events, Ptr{UInt64}(values(work)), values(to)) : UNSUITABLE
end
