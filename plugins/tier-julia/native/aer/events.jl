# Events where they lie, checked in chunks that are then still in the cache.

"Events that are checked at once."
const CHUNK = 512

"The events of a call, `m` of them, and the window; polarities lie as bytes or as words."
struct Events
    m::Int64
    address::Ptr{UInt64}
    times::Ptr{UInt64}
    bytes::Bool
    signs::Ptr{Cvoid}
    n::UInt64
    start::UInt64
    window::UInt64
end

"Say whether the arrays are integers of one length that can be read as they are, no time negative but between others."
@inline function readable(address::Object, t_ns::Object, polarity::Object)
    plain(address, 1) && dtype(address) == LAYOUT.int64 || return false
    plain(t_ns, 1) && (dtype(t_ns) == LAYOUT.uint64 || dtype(t_ns) == LAYOUT.int64) || return false
    plain(polarity, 1) && (dtype(polarity) == LAYOUT.int8 || dtype(polarity) == LAYOUT.int64) || return false
    m = len(address)
    len(t_ns) == m && len(polarity) == m || return false
    (m == 0 || dtype(t_ns) == LAYOUT.uint64) && return true
    # As unsigned numbers the negative ones are the largest: in between they are out of order.
    times = Ptr{Int64}(values(t_ns))
    unsafe_load(times) >= 0 && unsafe_load(times, m) >= 0
end

@inline function Events(address::Object, t_ns::Object, polarity::Object, start, given, window, to::Object)
    m, times = len(address), Ptr{UInt64}(values(t_ns))
    first = m == 0 ? UInt64(0) : unsafe_load(times)
    signs, bytes = Ptr{Cvoid}(values(polarity)), dtype(polarity) == LAYOUT.int8
    Events(m, Ptr{UInt64}(values(address)), times, bytes, signs, len(to) % UInt64, given == 0 ? first : start, window)
end

"Say whether the window ends at a time that there is."
@inline ends_in_time(events::Events) = events.start + events.window >= events.start

@inline time_of(events::Events, at::Int64) = unsafe_load(events.times, at + 1)

"Return the channel of an event: negative addresses are the largest, as unsigned numbers."
@inline channel_of(events::Events, at::Int64) = unsafe_load(events.address, at + 1)

@inline negative(events::Events, at::Int64) =
    events.bytes ? unsafe_load(Ptr{Int8}(events.signs), at + 1) < 0 : unsafe_load(Ptr{Int64}(events.signs), at + 1) < 0

"Return the number of events before `time`, provided that the times are in order."
@inline function count_before(events::Events, time::UInt64)
    low, high = 0, events.m
    while low < high
        middle = (low + high) >> 1
        earlier = time_of(events, middle) < time
        low, high = ifelse(earlier, middle + 1, low), ifelse(earlier, high, middle)
    end
    low
end

"Return where the events inside the window begin and end."
@inline inside(events::Events) =
    (count_before(events, events.start), count_before(events, events.start + events.window))

"Say whether the times from the one before `from` up to `to` are in order."
@inline function ordered(events::Events, from::Int64, to::Int64)
    falls = UInt64(0)
    for at in max(from, 1):to-1
        falls |= (time_of(events, at) < time_of(events, at - 1)) % UInt64
    end
    falls == 0
end

"Say whether the polarities from `from` up to `to` are +1 or -1: of these, and of nothing else, one more is 2 or 0."
@inline function signed(events::Events, from::Int64, to::Int64)
    if events.bytes
        odd = Int8(0)
        for at in from:to-1
            odd |= (unsafe_load(Ptr{Int8}(events.signs), at + 1) + Int8(1)) & ~Int8(2)
        end
        return odd == 0
    end
    odd = 0
    for at in from:to-1
        odd |= (unsafe_load(Ptr{Int64}(events.signs), at + 1) + 1) & ~2
    end
    odd == 0
end
