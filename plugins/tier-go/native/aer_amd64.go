//go:build goexperiment.simd

package native

import (
	"simd/archsimd"
	"unsafe"
)

// bytesWide is the number of bytes of a vector.
const bytesWide = 8 * width

var (
	ones8 = everyByte(1)
	twos8 = everyByte(2)
)

func everyByte(value int8) (all [bytesWide]int8) {
	for i := range all {
		all[i] = value
	}
	return all
}

func vectorFalls(times []uint64) uint64 {
	start := unsafe.Pointer(unsafe.SliceData(times))
	at := func(i int) bits { return archsimd.LoadInt64x4((*[width]int64)(unsafe.Add(start, 8*i))) }
	var falls bits
	i := 1
	for ; i+width <= len(times); i += width {
		now := at(i)
		falls = falls.Or(now.Or(now.Sub(at(i - 1))))
	}
	var found [width]int64
	falls.Store(&found)
	archsimd.ClearAVXUpperBits()
	return uint64(found[0]|found[1]|found[2]|found[3]) | plainFalls(times[i-1:])
}

func vectorUnsigned(polarity []int8) bool {
	start := unsafe.Pointer(unsafe.SliceData(polarity))
	var odd archsimd.Int8x32
	i := 0
	for ; i+bytesWide <= len(polarity); i += bytesWide {
		sign := archsimd.LoadInt8x32((*[bytesWide]int8)(unsafe.Add(start, i)))
		odd = odd.Or(sign.Add(archsimd.LoadInt8x32(&ones8)).AndNot(archsimd.LoadInt8x32(&twos8)))
	}
	var found [bytesWide]int8
	odd.Store(&found)
	archsimd.ClearAVXUpperBits()
	return found != [bytesWide]int8{} || unsigned(polarity[i:])
}
