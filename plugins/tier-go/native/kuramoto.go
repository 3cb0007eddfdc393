// Package native holds the kernels of polytier's Go tier; nothing in it knows Python.
//
// The family kuramoto: phase oscillators coupled by a matrix.
package native

import (
	"math"
	"sync/atomic"
)

const (
	// block is the number of angles that are summed as one; fixed, so that the bits of the sums do not depend on who
	// computes them.
	block = 4096
	// sumsShared is the number of phases from which helpers are asked to share the sums.
	sumsShared = 32768
	// forceShared is the number of oscillators from which helpers are asked to share the forces.
	forceShared = 512
	// claim is the number of couplings that a helper takes at once.
	claim = 32768
)

// OrderParameter returns how much the oscillators agree: 1 when all phases are equal, 0 when they balance.
func OrderParameter(theta []float64) (float64, error) {
	cosines, sines, err := meanField(theta)
	// Magnitudes are at most n: the squares can neither overflow nor matter where they vanish.
	return math.Sqrt(cosines*cosines+sines*sines) / float64(len(theta)), err
}

// MeanPhase returns the phase of the oscillators' mean field.
func MeanPhase(theta []float64) (float64, error) {
	cosines, sines, err := meanField(theta)
	return math.Atan2(sines, cosines), err
}

// meanField returns the sums of cosines and of sines.
func meanField(theta []float64) (cosines, sines float64, err error) {
	if len(theta) <= block {
		cosines, sines = blockSums(theta)
	} else if cosines, sines, err = blockedSums(theta); err != nil {
		return 0, 0, err
	}
	if math.IsNaN(cosines + sines) {
		return cosines, sines, ErrNotFinite
	}
	return cosines, sines, nil
}

// blockSums returns the sums over one block; not numbers where an angle is not finite.
func blockSums(angles []float64) (cosines, sines float64) {
	cosines, sines = current.sums(angles)
	if math.IsNaN(cosines) {
		return plainSums(angles)
	}
	return cosines, sines
}

// blockedSums is for several blocks: threads claim blocks, and the blocks' sums are added in order.
func blockedSums(theta []float64) (cosines, sines float64, err error) {
	blocks := (len(theta) + block - 1) / block
	memory, err := Obtain(2 * blocks)
	if err != nil {
		return 0, 0, err
	}
	defer memory.Release()
	parts := memory.Take(2 * blocks)
	claims(blocks, len(theta) >= sumsShared, func(i int) {
		angles := theta[i*block : min(len(theta), (i+1)*block)]
		parts[2*i], parts[2*i+1] = blockSums(angles)
	})
	for i := 0; i < blocks; i++ {
		cosines += parts[2*i]
		sines += parts[2*i+1]
	}
	return cosines, sines, nil
}

// claims runs work for every part from 0 to count-1, here and, if shared, in helpers, each taking the next part.
func claims(count int, shared bool, work func(int)) {
	if !shared {
		for i := 0; i < count; i++ {
			work(i)
		}
		return
	}
	var next atomic.Int64
	turn := func() {
		for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
			work(i)
		}
	}
	assisted(Threads()-1, func(int) { turn() }, turn)
}

// NetworkedForce writes the pull of the network on every oscillator to forces.
func NetworkedForce(theta, coupling, forces []float64) error {
	n := len(theta)
	room := padded(n)
	memory, err := Obtain(2 * room)
	if err != nil {
		return err
	}
	defer memory.Release()
	sin, cos := memory.Take(room), memory.Take(room)
	clear(sin[n:])
	clear(cos[n:])
	if !current.evaluate(sin, cos, theta) {
		plainEvaluate(sin, cos, theta)
	}
	rows := padded(max(group, claim/n))
	claims((n+rows-1)/rows, n >= forceShared, func(i int) {
		current.pulls(n, coupling, sin, cos, forces, i*rows, min(n, (i+1)*rows))
	})
	if !sound(theta, coupling, forces) {
		return ErrNotFinite
	}
	return nil
}

// sound says whether all arguments were finite, looking closely only where an answer is not: a sine and its cosine
// are never both zero, so a coupling that is not finite leaves its mark in its row.
func sound(theta, coupling, forces []float64) bool {
	n, mark := len(theta), 0.0
	for i := 0; i < n; i++ {
		mark += coupling[i*n+i] * 0
	}
	if mark != 0 {
		return false
	}
	return current.finite(forces) || current.finite(theta) && current.finite(coupling)
}

// padded returns n, rounded up to whole groups of rows.
func padded(n int) int { return (n + group - 1) / group * group }

// calibrated are the couplings of neighbours that are known; atLeast those that are at least so strong.
var (
	calibrated = []entry{{0, 1, 0.302}, {1, 2, 0.201}, {2, 3, 0.252}, {3, 4, 0.154}}
	atLeast    = []entry{{4, 6, 0.15}, {0, 15, 0.05}}
)

type entry struct {
	i, j     int
	strength float64
}

// BuildKnm writes the coupling template of n layers: the rows are windows of one symmetric sequence.
func BuildKnm(n int, base, decay float64, template []float64) error {
	memory, err := Obtain(2*n - 1)
	if err != nil {
		return err
	}
	defer memory.Release()
	sequence := memory.Take(2*n - 1)
	for distance := 0; distance < n; distance++ {
		value := base * math.Exp(-decay*float64(distance))
		sequence[n-1+distance], sequence[n-1-distance] = value, value
	}
	for row := 0; row < n; row++ {
		copy(template[row*n:(row+1)*n], sequence[n-1-row:])
	}
	for _, known := range calibrated {
		put(template, n, known)
	}
	for _, known := range atLeast {
		if known.j < n {
			known.strength = max(known.strength, template[known.i*n+known.j])
		}
		put(template, n, known)
	}
	return nil
}

// put sets a symmetric pair, where the layers exist.
func put(template []float64, n int, known entry) {
	if known.j < n {
		template[known.i*n+known.j], template[known.j*n+known.i] = known.strength, known.strength
	}
}
