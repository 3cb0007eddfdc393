//go:build goexperiment.simd

package native

import (
	"simd/archsimd"
	"unsafe"
)

func vectorTile(left, right []float64, tile *[2 * tileRows * group]float64) {
	var r0, r1, r2, r3, i0, i1, i2, i3 lanes
	a, b := unsafe.Pointer(unsafe.SliceData(left)), unsafe.Pointer(unsafe.SliceData(right))
	for depth := len(left) / (2 * tileRows); depth > 0; depth-- {
		re, im, less := load(b, 0), load(b, width), load(b, 2*width)
		from := (*[2 * tileRows]float64)(a)
		x, y := archsimd.BroadcastFloat64x4(from[0]), archsimd.BroadcastFloat64x4(from[4])
		r0, i0 = y.MulAdd(less, x.MulAdd(re, r0)), y.MulAdd(re, x.MulAdd(im, i0))
		x, y = archsimd.BroadcastFloat64x4(from[1]), archsimd.BroadcastFloat64x4(from[5])
		r1, i1 = y.MulAdd(less, x.MulAdd(re, r1)), y.MulAdd(re, x.MulAdd(im, i1))
		x, y = archsimd.BroadcastFloat64x4(from[2]), archsimd.BroadcastFloat64x4(from[6])
		r2, i2 = y.MulAdd(less, x.MulAdd(re, r2)), y.MulAdd(re, x.MulAdd(im, i2))
		x, y = archsimd.BroadcastFloat64x4(from[3]), archsimd.BroadcastFloat64x4(from[7])
		r3, i3 = y.MulAdd(less, x.MulAdd(re, r3)), y.MulAdd(re, x.MulAdd(im, i3))
		a, b = unsafe.Add(a, 8*2*tileRows), unsafe.Add(b, 8*3*width)
	}
	to := unsafe.Pointer(tile)
	store(to, 0, r0)
	store(to, width, r1)
	store(to, 2*width, r2)
	store(to, 3*width, r3)
	store(to, 4*width, i0)
	store(to, 5*width, i1)
	store(to, 6*width, i2)
	store(to, 7*width, i3)
	archsimd.ClearAVXUpperBits()
}

// vectorOverlap takes stretches of whole vectors: powers of two.
func vectorOverlap(up, down []float64) (re, im float64) {
	var along, across lanes
	a, b := unsafe.Pointer(unsafe.SliceData(up)), unsafe.Pointer(unsafe.SliceData(down))
	for at := 0; at+width <= len(up); at += width {
		one, other := load(a, at), load(b, at)
		along = one.MulAdd(other, along)
		// Products of real with imaginary parts, whose signs differ, are summed apart.
		across = one.MulAdd(other.SelectFromPairGrouped(1, 0, other), across)
	}
	var sums [2]constant
	along.Store(&sums[0])
	across.Store(&sums[1])
	archsimd.ClearAVXUpperBits()
	return total(&sums[0]), (sums[1][0] + sums[1][2]) - (sums[1][1] + sums[1][3])
}
