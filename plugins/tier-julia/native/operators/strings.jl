# Closure on Pauli strings as bit masks: the bracket of two is nothing, or a multiple of their exclusive or.

@inline function note!(known::Ptr{UInt8}, queue::Ptr{UInt32}, count::Int64, string::Int64)
    unsafe_load(known, string + 1) == 0 || return count
    unsafe_store!(known, 0x01, string + 1)
    unsafe_store!(queue, string % UInt32, count + 1)
    count + 1
end

"Write the dimension, and whether no limit stopped the search; `known` are zeros, a byte for each string."
@inline function close_strings!(
    found::Ptr{Int64}, n::Int64, rounds::Int64, most::Int64, known::Ptr{UInt8}, queue::Ptr{UInt32}
)
    g, strings = unsafe_load(found), found + 8 * FOUND
    from = upto = last = 0
    for index in 1:g
        last = note!(known, queue, last, unsafe_load(strings, index))
    end
    round = 0
    while true
        from, upto = upto, last
        if upto > most
            unsafe_store!(found, most, 1)
            unsafe_store!(found, 0, 2)
            return GOOD
        end
        # After the last round it only matters whether there would be more.
        from < upto && round <= rounds || break
        for place in from+1:upto
            element = unsafe_load(queue, place) % Int64
            for index in 1:g
                string = unsafe_load(strings, index)
                mirror = string >> n | (string & ((1 << n) - 1)) << n
                # An odd number of qubits has different letters of X, Y, Z.
                isodd(count_ones(element & mirror)) || continue
                last = note!(known, queue, last, element ⊻ string)
            end
        end
        round += 1
        round > rounds && last > upto && break
    end
    unsafe_store!(found, upto, 1)
    unsafe_store!(found, Int64(last == upto), 2)
    GOOD
end
