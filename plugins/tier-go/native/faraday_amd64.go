//go:build goexperiment.simd

package native

import (
	"math"
	"simd/archsimd"
	"unsafe"
)

var (
	piLanes = every(math.Pi)
	zero    = every(0)
)

// vectorWaves rounds every product, as the definition does: nothing here is fused.
func vectorWaves(s *Samples, from, to int, all *harvest) {
	whole := from + (to-from)&^(width-1)
	coils, efficiencies, loads := every(-s.Turns), every(s.Efficiency), every(s.Load)
	radius, velocity := unsafe.Pointer(unsafe.SliceData(s.Radius)), unsafe.Pointer(unsafe.SliceData(s.Velocity))
	field, rate := unsafe.Pointer(unsafe.SliceData(s.Field)), unsafe.Pointer(unsafe.SliceData(s.Rate))
	flux, fluxRate := unsafe.Pointer(unsafe.SliceData(s.Flux)), unsafe.Pointer(unsafe.SliceData(s.FluxRate))
	backEMF, power := unsafe.Pointer(unsafe.SliceData(s.BackEMF)), unsafe.Pointer(unsafe.SliceData(s.Power))
	// Without efficiency nothing is kept of the power. A comparison in the loop would be an old instruction, which is
	// slow among the vectors'.
	kept := &keepFirst[width]
	if s.Efficiency == 0 {
		kept = &keepFirst[0]
	}
	// Products with zero are zeros, except of what is not finite.
	var marks, least, tops, mosts lanes
	for i := from; i < whole; i += width {
		r, b := load(radius, i), load(field, i)
		through := of(&piLanes).Mul(r).Mul(r).Mul(b)
		moved := of(&two).Mul(r).Mul(load(velocity, i)).Mul(b)
		change := of(&piLanes).Mul(r.Mul(r).Mul(load(rate, i)).Add(moved))
		emf := of(&coils).Mul(change)
		store(flux, i, through)
		store(fluxRate, i, change)
		store(backEMF, i, emf)
		least = least.Min(r)
		marks = marks.Add(through.Mul(of(&zero))).Add(emf.Mul(of(&zero)))
		tops = tops.Max(keep(emf, &absolute))
		watts := keep(of(&efficiencies).Mul(emf).Mul(emf).Div(of(&loads)), kept)
		store(power, i, watts)
		mosts = mosts.Max(watts)
	}
	var found [4]constant
	marks.Store(&found[0])
	least.Store(&found[1])
	tops.Store(&found[2])
	mosts.Store(&found[3])
	archsimd.ClearAVXUpperBits()
	for lane := range width {
		all.unsound = all.unsound || found[0][lane] != 0 || found[1][lane] < 0
		all.emf, all.power = max(all.emf, found[2][lane]), max(all.power, found[3][lane])
	}
	plainWaves(s, whole, to, all)
}

func vectorIntervals(s *Samples, from, to int, sums *constant, unsound *bool) {
	time, power := unsafe.Pointer(unsafe.SliceData(s.Time)), unsafe.Pointer(unsafe.SliceData(s.Power))
	halves := every(0.5)
	all := of(sums)
	standing := bits{}
	for i := from; i < to; i += width {
		step := load(time, i).Sub(load(time, i-1))
		both := load(power, i-1).Add(load(power, i))
		all = all.Add(of(&halves).Mul(both).Mul(step))
		// What is not a number is not greater than zero either.
		standing = standing.Or(step.Greater(of(&zero)).ToInt64x4().Not())
	}
	all.Store(sums)
	var marks [width]int64
	standing.Store(&marks)
	archsimd.ClearAVXUpperBits()
	if marks[0]|marks[1]|marks[2]|marks[3] != 0 {
		*unsound = true
	}
}
