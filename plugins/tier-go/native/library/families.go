package main

// #include "boundary.h"
import "C"

import (
	"unsafe"

	native "polytier.org/tier-go"
)

// integers returns the values of an array of integers that the caller keeps in place.
func integers[T int8 | int64 | uint64](values C.polytier_go_values) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(values.start)), int(values.length))
}

var decoders = [...]func(*native.Events, []float64) error{
	native.DecodeRate, native.DecodeTemporal, native.DecodeISI,
}

//export polytierGoAer
func polytierGoAer(decoder C.int32_t, given *C.polytier_go_events) C.int32_t {
	return status(func() error {
		events := native.Events{
			Address: integers[int64](given.address), Times: integers[uint64](given.times),
			Window: uint64(given.window), Start: uint64(given.start),
		}
		if last := len(events.Times) - 1; given.negative != 0 && last >= 0 && (events.Times[0]|events.Times[last])>>63 != 0 {
			return native.ErrNotFinite // polytier's checks say that a time is below 0
		}
		if given.narrow != 0 {
			events.Bytes = integers[int8](given.polarity)
		} else {
			events.Words = integers[int64](given.polarity)
		}
		return decoders[decoder](&events, slice(given.to))
	})
}
