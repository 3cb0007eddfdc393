//go:build goexperiment.simd

package native

import (
	"simd/archsimd"
	"unsafe"
)

// vectorTile has one operation a line, and no helper: the compiler orders operations by their lines, and would gather
// the loads that come from a helper's line, with more values at a time than there are registers. Factors are loaded as
// pairs since scalars would be moved by old instructions, which are slow among the vectors'.
func vectorTile(left, right []float64, to *tile) {
	var r0, r1, r2, r3, i0, i1, i2, i3 lanes
	a, b := unsafe.Pointer(unsafe.SliceData(left)), unsafe.Pointer(unsafe.SliceData(right))
	for depth := len(left) / leftStep; depth > 0; depth-- {
		x := archsimd.LoadFloat64x4((*[width]float64)(b))
		y := archsimd.LoadFloat64x4((*[width]float64)(unsafe.Add(b, 8*width)))
		less := archsimd.LoadFloat64x4((*[width]float64)(unsafe.Add(b, 16*width)))
		re := archsimd.LoadFloat64x2((*[2]float64)(a)).Broadcast1To4()
		r0 = re.MulAdd(x, r0)
		i0 = re.MulAdd(y, i0)
		im := archsimd.LoadFloat64x2((*[2]float64)(unsafe.Add(a, 32))).Broadcast1To4()
		r0 = im.MulAdd(less, r0)
		i0 = im.MulAdd(x, i0)
		re = archsimd.LoadFloat64x2((*[2]float64)(unsafe.Add(a, 8))).Broadcast1To4()
		r1 = re.MulAdd(x, r1)
		i1 = re.MulAdd(y, i1)
		im = archsimd.LoadFloat64x2((*[2]float64)(unsafe.Add(a, 40))).Broadcast1To4()
		r1 = im.MulAdd(less, r1)
		i1 = im.MulAdd(x, i1)
		re = archsimd.LoadFloat64x2((*[2]float64)(unsafe.Add(a, 16))).Broadcast1To4()
		r2 = re.MulAdd(x, r2)
		i2 = re.MulAdd(y, i2)
		im = archsimd.LoadFloat64x2((*[2]float64)(unsafe.Add(a, 48))).Broadcast1To4()
		r2 = im.MulAdd(less, r2)
		i2 = im.MulAdd(x, i2)
		re = archsimd.LoadFloat64x2((*[2]float64)(unsafe.Add(a, 24))).Broadcast1To4()
		r3 = re.MulAdd(x, r3)
		i3 = re.MulAdd(y, i3)
		im = archsimd.LoadFloat64x2((*[2]float64)(unsafe.Add(a, 56))).Broadcast1To4()
		r3 = im.MulAdd(less, r3)
		i3 = im.MulAdd(x, i3)
		a, b = unsafe.Add(a, 8*leftStep), unsafe.Add(b, 8*rightStep)
	}
	place := unsafe.Pointer(to)
	store(place, 0, r0)
	store(place, width, r1)
	store(place, 2*width, r2)
	store(place, 3*width, r3)
	store(place, 4*width, i0)
	store(place, 5*width, i1)
	store(place, 6*width, i2)
	store(place, 7*width, i3)
	archsimd.ClearAVXUpperBits()
}

func vectorProject(row, vector []float64) {
	n := len(vector)
	a, b := unsafe.Pointer(unsafe.SliceData(row)), unsafe.Pointer(unsafe.SliceData(vector))
	var s0, s1, s2, s3 lanes
	at := 0
	for ; at+4*width <= n; at += 4 * width {
		s0 = load(a, at).MulAdd(load(b, at), s0)
		s1 = load(a, at+width).MulAdd(load(b, at+width), s1)
		s2 = load(a, at+2*width).MulAdd(load(b, at+2*width), s2)
		s3 = load(a, at+3*width).MulAdd(load(b, at+3*width), s3)
	}
	for ; at < n; at += width {
		mask := &keepFirst[min(width, n-at)]
		s0 = loadMasked(a, at, mask).MulAdd(loadMasked(b, at, mask), s0)
	}
	var sums constant
	s0.Add(s2).Add(s1.Add(s3)).Store(&sums)
	archsimd.ClearAVXUpperBits()
	part := every(-total(&sums))
	for at = 0; at+width <= n; at += width {
		store(b, at, load(a, at).MulAdd(of(&part), load(b, at)))
	}
	if at < n {
		mask := &keepFirst[n-at]
		rest := loadMasked(a, at, mask).MulAdd(of(&part), loadMasked(b, at, mask))
		rest.StoreMasked((*[width]float64)(unsafe.Add(b, 8*at)), archsimd.LoadInt64x4(mask).ToMask())
	}
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
