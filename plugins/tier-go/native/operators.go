package native

import (
	"math"
	mathbits "math/bits"
)

// The family operators: complex numbers lie as pairs of float64, matrices row by row.

const (
	// hamiltonianShared is the number of qubits from which helpers are asked to share a Hamiltonian.
	hamiltonianShared = 9
	// statesAtOnce is the number of rows of a Hamiltonian that a thread claims.
	statesAtOnce = 32
	// mostQubits is more than any state has that fits into memory.
	mostQubits = 60
	// localQubits is the number of qubits of a block of a state that stays near the core.
	localQubits = 10
)

// bond is a pair of qubits: the mask that exchanges their bits, and half the coupling with either sign removed.
type bond struct {
	mask     int
	strength float64
}

// XYHamiltonian writes the entries that are not zero to a matrix of zeros on len(omega) qubits.
func XYHamiltonian(coupling, omega []float64, delta float64, to []float64) error {
	if !current.finite(coupling) || !current.finite(omega) || !finite(delta) {
		return ErrNotFinite
	}
	n := len(omega)
	memory, err := Obtain(1 << n)
	if err != nil {
		return err
	}
	defer memory.Release()
	pairs, energies := bonds(coupling, n), memory.Take(1<<n)
	for state := range energies {
		energies[state] = energy(omega, pairs, delta, state)
	}
	if !current.finite(energies) {
		return tooLarge("the energies")
	}
	for _, pair := range pairs {
		if !finite(2 * pair.strength) {
			return tooLarge("the hops")
		}
	}
	claims((1<<n+statesAtOnce-1)/statesAtOnce, n >= hamiltonianShared, func(part int) {
		for state := part * statesAtOnce; state < min(1<<n, (part+1)*statesAtOnce); state++ {
			row := to[state<<(n+1) : (state+1)<<(n+1)]
			row[2*state] = energies[state]
			for _, pair := range pairs {
				if both := state & pair.mask; both != 0 && both != pair.mask {
					row[2*(state^pair.mask)] = 0 - 2*pair.strength
				}
			}
		}
	})
	return nil
}

// bonds returns the pairs of qubits with their symmetric couplings.
func bonds(coupling []float64, n int) []bond {
	var pairs []bond
	for j := 0; j < n; j++ {
		for i := 0; i < j; i++ {
			pairs = append(pairs, bond{1<<i | 1<<j, 0.5*coupling[i*n+j] + 0.5*coupling[j*n+i]})
		}
	}
	return pairs
}

// energy returns the diagonal entry of a state.
func energy(omega []float64, pairs []bond, delta float64, state int) float64 {
	fields, aligned := 0.0, 0.0
	for q, field := range omega {
		if state>>q&1 == 1 {
			field = -field
		}
		fields += field
	}
	for _, pair := range pairs {
		if both := state & pair.mask; both != 0 && both != pair.mask {
			aligned -= pair.strength
		} else {
			aligned += pair.strength
		}
	}
	return -fields - delta*aligned
}

// PauliExpectations writes each qubit's expectation values of X, Y and Z, and the coherence of the qubits.
func PauliExpectations(state, ex, ey, ez, coherence []float64) error {
	n := mathbits.Len(uint(len(state)/2)) - 1
	var found spins
	found.visit(state, n)
	x, y, mark := 0.0, 0.0, 0.0
	for q := range ex {
		ex[q], ey[q], ez[q] = 2*found.overlap[q][0], 2*found.overlap[q][1], found.polarity[q]
		mark += ex[q]*0 + ey[q]*0 + ez[q]*0
		x += ex[q] / float64(n)
		y += ey[q] / float64(n)
	}
	coherence[0] = math.Hypot(x, y)
	if mark == 0 {
		return nil
	}
	if current.finite(state) {
		return tooLarge("the expectation values")
	}
	return ErrNotFinite
}

// spins are what the qubits of a state show.
type spins struct {
	// overlap of the halves in which a qubit is up and down, and the squared norm of the first less the second.
	overlap  [mostQubits][2]float64
	polarity [mostQubits]float64
}

// visit adds the lower qubits block by block, then the others over pairs of blocks.
func (s *spins) visit(state []float64, n int) {
	local := min(n, localQubits)
	size := 2 << local
	var density [1 << localQubits]float64
	for at := 0; at < len(state)/size; at++ {
		block := state[at*size : (at+1)*size]
		for q := 0; q < local; q++ {
			for pair := 0; pair < size; pair += 4 << q {
				s.add(q, block[pair:pair+2<<q], block[pair+2<<q:pair+4<<q])
			}
		}
		norm := s.polarize(block, density[:size/2], local)
		for q := local; q < n; q++ {
			if at>>(q-local)&1 == 0 {
				s.polarity[q] += norm
				continue
			}
			s.polarity[q] -= norm
			partner := (at ^ 1<<(q-local)) * size
			s.add(q, state[partner:partner+size], block)
		}
	}
}

// add adds the overlap of two stretches of amplitudes.
func (s *spins) add(q int, up, down []float64) {
	var re, im float64
	if len(up) < group {
		re, im = plainOverlap(up, down)
	} else {
		re, im = current.overlap(up, down)
	}
	s.overlap[q][0] += re
	s.overlap[q][1] += im
}

// polarize adds the polarities of a block's qubits, given room for its density, and returns its squared norm.
func (s *spins) polarize(block, density []float64, local int) float64 {
	for i := range density {
		density[i] = block[2*i]*block[2*i] + block[2*i+1]*block[2*i+1]
	}
	for q := local - 1; q >= 0; q-- {
		up, down := density[:1<<q], density[1<<q:2<<q]
		difference := 0.0
		for i, other := range down {
			difference += up[i] - other
			up[i] += other
		}
		s.polarity[q] += difference
	}
	return density[0]
}

// plainOverlap returns the sum of conj(up) down.
func plainOverlap(up, down []float64) (re, im float64) {
	down = down[:len(up)]
	for i := 0; i+1 < len(up); i += 2 {
		a, b, c, d := up[i], up[i+1], down[i], down[i+1]
		re += a*c + b*d
		im += a*d - b*c
	}
	return re, im
}
