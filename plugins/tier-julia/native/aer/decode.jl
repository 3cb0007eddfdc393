# The decoders: each checks a chunk of events and then takes those inside the window.

"""
Add up the rates in the order of the events.

A channel is compared where it is used: what another thread writes meanwhile cannot lead out of the answer.
"""
@inline function add_rates!(events::Events, to::Ptr{Float64})
    first, last = inside(events)
    weight = 1.0 / Float64(events.window)
    from = 0
    while from < events.m
        upto = min(from + CHUNK, events.m)
        ordered(events, from, upto) && signed(events, from, upto) || return UNSUITABLE
        for at in max(from, first):min(upto, last)-1
            channel = channel_of(events, at)
            channel < events.n || return UNSUITABLE
            place = to + 8 * channel
            unsafe_store!(place, unsafe_load(place) + ifelse(negative(events, at), -weight, weight))
        end
        from = upto
    end
    GOOD
end

"Write how early the first events come; one that comes at the very end counts for nothing, as those after it do."
@inline function write_firsts!(events::Events, to::Ptr{Float64})
    first, last = inside(events)
    window, from = Float64(events.window), 0
    while from < events.m
        upto = min(from + CHUNK, events.m)
        ordered(events, from, upto) || return UNSUITABLE
        for at in max(from, first):min(upto, last)-1
            channel = channel_of(events, at)
            channel < events.n || return UNSUITABLE
            place = to + 8 * channel
            unsafe_load(place) == 0.0 || continue
            unsafe_store!(place, 1.0 - Float64(time_of(events, at) - events.start) / window)
        end
        from = upto
    end
    GOOD
end

"Write the inverse mean intervals, from the number, the first and the last time of each channel's events."
@inline function write_intervals!(events::Events, found::Ptr{UInt64}, to::Ptr{Float64})
    first, last = inside(events)
    from = 0
    while from < events.m
        upto = min(from + CHUNK, events.m)
        ordered(events, from, upto) || return UNSUITABLE
        for at in max(from, first):min(upto, last)-1
            channel = channel_of(events, at)
            channel < events.n || return UNSUITABLE
            # The three numbers of a channel lie side by side, in one line of the cache most times.
            place, time = found + 24 * channel, time_of(events, at)
            count = unsafe_load(place)
            count == 0 && unsafe_store!(place, time, 2)
            unsafe_store!(place, count + 1)
            unsafe_store!(place, time, 3)
        end
        from = upto
    end
    for channel in 0:events.n-1
        place = found + 24 * channel
        count = unsafe_load(place)
        count > 1 || continue
        span = unsafe_load(place, 3) - unsafe_load(place, 2)
        span > 0 && unsafe_store!(to + 8 * channel, Float64(count - 1) / Float64(span))
    end
    GOOD
end
