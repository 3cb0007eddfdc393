//go:build goexperiment.simd

package native

import (
	"simd/archsimd"
	"unsafe"
)

var absolute = [width]int64{1<<63 - 1, 1<<63 - 1, 1<<63 - 1, 1<<63 - 1}

func vectorWeigh(n int, coupling, position []float64, scale float64, pulls []float64) {
	from, to := unsafe.Pointer(unsafe.SliceData(coupling)), unsafe.Pointer(unsafe.SliceData(pulls))
	z, scales := unsafe.Pointer(unsafe.SliceData(position)), every(scale)
	for row := 0; row < n; row++ {
		// As a pair: a scalar would be moved by an old instruction, which is slow among the vectors'.
		own := archsimd.LoadFloat64x2((*[2]float64)(unsafe.Add(z, 8*row))).Broadcast1To4()
		for i := 0; i < n; i += width {
			mask := &keepFirst[min(width, n-i)]
			apart := keep(own.Sub(load(z, i)), &absolute)
			weight := apart.Div(of(&scales)).Add(of(&one))
			place := 8 * (row*n + i)
			pull := archsimd.LoadMaskedFloat64x4((*[width]float64)(unsafe.Add(from, place)), archsimd.LoadInt64x4(mask).ToMask())
			pull.Div(weight).StoreMasked((*[width]float64)(unsafe.Add(to, place)), archsimd.LoadInt64x4(mask).ToMask())
		}
	}
	archsimd.ClearAVXUpperBits()
}

func vectorSumUp(n int, pulls, sin, cos, sines, cosines []float64) {
	from := unsafe.Pointer(unsafe.SliceData(pulls))
	s, c := unsafe.Pointer(unsafe.SliceData(sin)), unsafe.Pointer(unsafe.SliceData(cos))
	toSines, toCosines := unsafe.Pointer(unsafe.SliceData(sines)), unsafe.Pointer(unsafe.SliceData(cosines))
	for row := 0; row < n; row += width {
		withSin, withCos := products(n, row, from, s, c)
		store(toSines, row, withSin)
		store(toCosines, row, withCos)
	}
	archsimd.ClearAVXUpperBits()
}
