//go:build goexperiment.simd

package native

import (
	"math"
	"simd/archsimd"
	"unsafe"
)

// The hot loops. Each ends with ClearAVXUpperBits: the SSE code that Go compiles for scalars costs 110 ns where it meets
// dirty upper halves, and for the same reason no scalar of float64 is computed between the vectors.

func vectorSums(angles []float64) (cosines, sines float64) {
	from, n := unsafe.Pointer(unsafe.SliceData(angles)), len(angles)
	var c0, c1, s0, s1 lanes
	var stray bits
	i := 0
	for ; i+2*width <= n; i += 2 * width {
		r, turns := reduce(load(from, i))
		square := r.Mul(r)
		fourth := square.Mul(square)
		stray = beyond(stray, turns)
		s0 = s0.Add(negateOdd(sine(r, square, fourth), turns))
		c0 = c0.Add(negateOdd(cosine(square, fourth), turns))
		r, turns = reduce(load(from, i+width))
		square = r.Mul(r)
		fourth = square.Mul(square)
		stray = beyond(stray, turns)
		s1 = s1.Add(negateOdd(sine(r, square, fourth), turns))
		c1 = c1.Add(negateOdd(cosine(square, fourth), turns))
	}
	for ; i < n; i += width {
		mask := &keepFirst[min(width, n-i)]
		r, turns := reduce(loadMasked(from, i, mask))
		square := r.Mul(r)
		fourth := square.Mul(square)
		stray = beyond(stray, turns)
		s0 = s0.Add(negateOdd(sine(r, square, fourth), turns))
		c0 = c0.Add(keep(negateOdd(cosine(square, fourth), turns), mask))
	}
	var parts [2]constant
	c0.Add(c1).Store(&parts[0])
	s0.Add(s1).Store(&parts[1])
	var joined [width]int64
	stray.Store(&joined)
	archsimd.ClearAVXUpperBits()
	if strayed(&joined) {
		return math.NaN(), math.NaN()
	}
	return total(&parts[0]), total(&parts[1])
}

func vectorEvaluate(sin, cos, angles []float64) bool {
	from, n := unsafe.Pointer(unsafe.SliceData(angles)), len(angles)
	toSin, toCos := unsafe.Pointer(unsafe.SliceData(sin)), unsafe.Pointer(unsafe.SliceData(cos))
	var stray bits
	for i := 0; i < n; i += width {
		r, turns := reduce(loadMasked(from, i, &keepFirst[min(width, n-i)]))
		square := r.Mul(r)
		fourth := square.Mul(square)
		stray = beyond(stray, turns)
		store(toSin, i, negateOdd(sine(r, square, fourth), turns))
		store(toCos, i, negateOdd(cosine(square, fourth), turns))
	}
	var joined [width]int64
	stray.Store(&joined)
	archsimd.ClearAVXUpperBits()
	return !strayed(&joined)
}

func vectorFinite(values []float64) bool {
	from, n := unsafe.Pointer(unsafe.SliceData(values)), len(values)
	// A product with zero is zero, except of what is not finite.
	var zero, a, b, c, d lanes
	i := 0
	for ; i+4*width <= n; i += 4 * width {
		a = load(from, i).MulAdd(zero, a)
		b = load(from, i+width).MulAdd(zero, b)
		c = load(from, i+2*width).MulAdd(zero, c)
		d = load(from, i+3*width).MulAdd(zero, d)
	}
	for ; i < n; i += width {
		a = loadMasked(from, i, &keepFirst[min(width, n-i)]).MulAdd(zero, a)
	}
	var sums constant
	a.Add(b).Add(c.Add(d)).Store(&sums)
	archsimd.ClearAVXUpperBits()
	return total(&sums) == 0
}

// products returns four rows' products with the sines and with the cosines, the diagonal left out.
//
// Rows beyond the last repeat it: what comes of them is never used.
func products(n, row int, coupling, sin, cos unsafe.Pointer) (sines, cosines lanes) {
	k0 := unsafe.Add(coupling, 8*n*row)
	k1 := unsafe.Add(coupling, 8*n*min(row+1, n-1))
	k2 := unsafe.Add(coupling, 8*n*min(row+2, n-1))
	k3 := unsafe.Add(coupling, 8*n*min(row+3, n-1))
	var s0, s1, s2, s3, c0, c1, c2, c3 lanes
	// The diagonal lies in one vector of columns: that at `row`, and it comes first.
	mask := &keepFirst[min(width, n-row)]
	s, c := load(sin, row), load(cos, row)
	k := keep(loadMasked(k0, row, mask), &loseLane[0])
	s0, c0 = k.Mul(s), k.Mul(c)
	k = keep(loadMasked(k1, row, mask), &loseLane[1])
	s1, c1 = k.Mul(s), k.Mul(c)
	k = keep(loadMasked(k2, row, mask), &loseLane[2])
	s2, c2 = k.Mul(s), k.Mul(c)
	k = keep(loadMasked(k3, row, mask), &loseLane[3])
	s3, c3 = k.Mul(s), k.Mul(c)
	// The columns before the diagonal's, then those after.
	for column, to := 0, row; ; column, to = row+width, n-n%width {
		// Two vectors a turn: the accumulators change registers with every product, and move back once a turn.
		for ; column+2*width <= to; column += 2 * width {
			s, c = load(sin, column), load(cos, column)
			k = load(k0, column)
			s0, c0 = k.MulAdd(s, s0), k.MulAdd(c, c0)
			k = load(k1, column)
			s1, c1 = k.MulAdd(s, s1), k.MulAdd(c, c1)
			k = load(k2, column)
			s2, c2 = k.MulAdd(s, s2), k.MulAdd(c, c2)
			k = load(k3, column)
			s3, c3 = k.MulAdd(s, s3), k.MulAdd(c, c3)
			s, c = load(sin, column+width), load(cos, column+width)
			k = load(k0, column+width)
			s0, c0 = k.MulAdd(s, s0), k.MulAdd(c, c0)
			k = load(k1, column+width)
			s1, c1 = k.MulAdd(s, s1), k.MulAdd(c, c1)
			k = load(k2, column+width)
			s2, c2 = k.MulAdd(s, s2), k.MulAdd(c, c2)
			k = load(k3, column+width)
			s3, c3 = k.MulAdd(s, s3), k.MulAdd(c, c3)
		}
		if column < to {
			s, c = load(sin, column), load(cos, column)
			k = load(k0, column)
			s0, c0 = k.MulAdd(s, s0), k.MulAdd(c, c0)
			k = load(k1, column)
			s1, c1 = k.MulAdd(s, s1), k.MulAdd(c, c1)
			k = load(k2, column)
			s2, c2 = k.MulAdd(s, s2), k.MulAdd(c, c2)
			k = load(k3, column)
			s3, c3 = k.MulAdd(s, s3), k.MulAdd(c, c3)
		}
		if to > row || row+width >= n {
			break
		}
	}
	if column := n - n%width; column < n && column != row {
		mask = &keepFirst[n-column]
		s, c = load(sin, column), load(cos, column)
		k = loadMasked(k0, column, mask)
		s0, c0 = k.MulAdd(s, s0), k.MulAdd(c, c0)
		k = loadMasked(k1, column, mask)
		s1, c1 = k.MulAdd(s, s1), k.MulAdd(c, c1)
		k = loadMasked(k2, column, mask)
		s2, c2 = k.MulAdd(s, s2), k.MulAdd(c, c2)
		k = loadMasked(k3, column, mask)
		s3, c3 = k.MulAdd(s, s3), k.MulAdd(c, c3)
	}
	return transposedSum(s0, s1, s2, s3), transposedSum(c0, c1, c2, c3)
}

func vectorPulls(n int, coupling, sin, cos, forces []float64, from, to int) {
	k := unsafe.Pointer(unsafe.SliceData(coupling))
	sines, cosines := unsafe.Pointer(unsafe.SliceData(sin)), unsafe.Pointer(unsafe.SliceData(cos))
	pulled := unsafe.Pointer(unsafe.SliceData(forces))
	for row := from; row < to; row += width {
		s, c := products(n, row, k, sines, cosines)
		pull := load(cosines, row).Mul(s).Sub(load(sines, row).Mul(c))
		mask := archsimd.LoadInt64x4(&keepFirst[min(width, to-row)]).ToMask()
		pull.StoreMasked((*[width]float64)(unsafe.Add(pulled, 8*row)), mask)
	}
	archsimd.ClearAVXUpperBits()
}

func vectorAdvance(s *state, r rule, round, from, to int) {
	now, next := round&1, 1-round&1
	sin, cos := unsafe.Pointer(unsafe.SliceData(s.sin[now])), unsafe.Pointer(unsafe.SliceData(s.cos[now]))
	toSin, toCos := unsafe.Pointer(unsafe.SliceData(s.sin[next])), unsafe.Pointer(unsafe.SliceData(s.cos[next]))
	k, theta := unsafe.Pointer(unsafe.SliceData(s.coupling)), unsafe.Pointer(unsafe.SliceData(s.theta))
	omega, slopes := unsafe.Pointer(unsafe.SliceData(s.omega)), unsafe.Pointer(unsafe.SliceData(s.slopes))
	for row := from; row < to; row += width {
		pullSin, pullCos := products(s.n, row, k, sin, cos)
		oldSin, oldCos, old := load(sin, row), load(cos, row), load(theta, row)
		slope := oldCos.MulAdd(pullSin, load(omega, row)).Sub(oldSin.Mul(pullCos))
		// Idle rows stand still at 0.
		slope = keep(slope, &keepFirst[min(width, s.n-row)])
		var angle lanes
		switch r {
		case rotate:
			turn := slope.Mul(of(&s.whole))
			angle = old.Add(turn)
			store(theta, row, angle)
			if isSmall(turn) {
				turnSin, turnCos := turnSmall(turn)
				store(toSin, row, oldSin.MulAdd(turnCos, oldCos.Mul(turnSin)))
				store(toCos, row, oldCos.Mul(turnCos).Sub(oldSin.Mul(turnSin)))
				continue
			}
		case evaluate:
			// The increment goes in whole and once: theta + omega * dt kept from before would add a bias.
			angle = slope.MulAdd(of(&s.whole), old)
			store(theta, row, angle)
		case stage0:
			store(slopes, row, slope)
			angle = slope.MulAdd(of(&s.half), old)
		case stage1:
			store(slopes, row, slope.MulAdd(of(&two), load(slopes, row)))
			angle = slope.MulAdd(of(&s.half), old)
		case stage2:
			store(slopes, row, slope.MulAdd(of(&two), load(slopes, row)))
			angle = slope.MulAdd(of(&s.whole), old)
		default:
			angle = load(slopes, row).Add(slope).MulAdd(of(&s.sixth), old)
			store(theta, row, angle)
		}
		rest, turns := reduce(angle)
		if strays(beyond(bits{}, turns)) {
			var angles constant
			angle.Store(&angles)
			plainEvaluate(s.sin[next][row:row+width], s.cos[next][row:row+width], angles[:])
			continue
		}
		square := rest.Mul(rest)
		fourth := square.Mul(square)
		store(toSin, row, negateOdd(sine(rest, square, fourth), turns))
		store(toCos, row, negateOdd(cosine(square, fourth), turns))
	}
	archsimd.ClearAVXUpperBits()
}
