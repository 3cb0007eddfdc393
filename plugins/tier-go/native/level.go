package native

import (
	"fmt"
	"strings"
)

// trigonometry is what one level of vector instructions does; every level computes the same functions.
//
// A function that is told of slices reads and writes their first n values; those named padded have room for whole
// vectors, and their values beyond n are never used.
type level struct {
	name string
	// sums returns the sums of cosines and of sines over at most block angles; not numbers where one strays.
	sums func(angles []float64) (cosines, sines float64)
	// evaluate fills sin and cos, which are padded, and says whether every angle suited the fast reduction.
	evaluate func(sin, cos, angles []float64) bool
	// pulls writes the forces of the rows from up to (not including) to, given all sines and cosines, padded.
	pulls func(n int, coupling, sin, cos, forces []float64, from, to int)
	// advance takes one round of an integration for the groups of rows from up to (not including) to.
	advance func(s *state, r rule, round, from, to int)
	// finite says whether all values are finite.
	finite func(values []float64) bool
	// weigh writes the pulls of oscillators at some positions, which are padded.
	weigh func(n int, coupling, position []float64, scale float64, pulls []float64)
	// sumUp writes each row's sums of pulls with sines and with cosines, all of them padded, the diagonal left out.
	sumUp func(n int, pulls, sin, cos, sines, cosines []float64)
	// tile writes a tile of the product of two panels.
	tile func(left, right []float64, to *tile)
	// project takes from a vector what a row spans of it, which has a norm of 1 and the vector's length.
	project func(row, vector []float64)
	// waves computes the four waveforms of some samples, and intervals the energies between whole groups of them.
	waves     func(s *Samples, from, to int, all *harvest)
	intervals func(s *Samples, from, to int, sums *constant, unsound *bool)
	// falls says by its top bit whether a time has it, or is before the one before it; there is at least one time.
	falls func(times []uint64) uint64
	// unsigned says whether a polarity is neither +1 nor -1.
	unsigned func(polarity []int8) bool
	// overlap returns the sum of conj(up) down of at least group values.
	overlap func(up, down []float64) (re, im float64)
}

var baseline = level{
	"baseline", plainSums, plainEvaluate, plainPulls, plainAdvance, plainFinite, plainWeigh, plainSumUp, plainTile,
	plainProject, plainWaves, plainIntervals, plainFalls, unsigned[int8], plainOverlap,
}

// levels are those that this CPU has, the widest first.
var levels = append(wide(), baseline)

var current = levels[0]

// Level returns the name of the vector instructions in use.
func Level() string { return current.name }

// SetLevel chooses the vector instructions by name; the empty name asks for the widest.
func SetLevel(name string) error {
	names := make([]string, len(levels))
	for i, one := range levels {
		names[i] = one.name
		if name == one.name || name == "" {
			current = one
			return nil
		}
	}
	return fmt.Errorf("this CPU has %s", strings.Join(names, ", "))
}
