package native

import (
	"errors"
	"math"
	"math/cmplx"
	"slices"
	"strings"
	"testing"
)

// entries returns the parts of so many complex numbers.
func entries(count int) []float64 { return angles(2*count, 1) }

// largest returns the largest distance of two lists.
func largest(a, b []float64) (most float64) {
	for i := range a {
		if most = max(most, math.Abs(a[i]-b[i])); math.IsNaN(a[i]) || math.IsNaN(b[i]) {
			return math.NaN()
		}
	}
	return most
}

// plainCommutator is the definition.
func plainCommutator(a, b []float64, d int) []float64 {
	to := make([]float64, 2*d*d)
	left, right, found := complexes(a), complexes(b), complexes(to)
	for i := range d {
		for j := range d {
			for k := range d {
				found[i*d+j] += left[i*d+k]*right[k*d+j] - right[i*d+k]*left[k*d+j]
			}
		}
	}
	return to
}

func TestCommutatorsAreThoseOfTheDefinition(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, d := range []int{1, 2, 3, 4, 5, 7, 8, 16, 21, 33, commutatorShared, 101} {
			a, b, found := entries(d*d), entries(d*d + 1)[:2*d*d], make([]float64, 2*d*d)
			crowd.until.Store(0)
			if err := Commutator(a, b, found, d, always); err != nil {
				t.Fatal(err)
			}
			if most := largest(found, plainCommutator(a, b, d)); !(most <= 1e-13*float64(d)) {
				t.Fatalf("d=%d: off by %v", d, most)
			}
		}
	})
}

func TestCommutatorsAreRefusedAndEnded(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, d := range []int{2, 70} {
			a, b, found := entries(d*d), entries(d*d + 1)[:2*d*d], make([]float64, 2*d*d)
			if err := Commutator(a, b, found, d, func() bool { return false }); !errors.Is(err, ErrStopped) {
				t.Fatal(err)
			}
			a[3] = math.NaN()
			if err := Commutator(a, b, found, d, always); !errors.Is(err, ErrNotFinite) {
				t.Fatal(err)
			}
			a[3], b[2*d] = 1e200, 1e200
			err := Commutator(a, b, found, d, always)
			if err == nil || !strings.HasPrefix(err.Error(), "the commutator must be finite") {
				t.Fatal(err)
			}
		}
	})
}

// plainWeight returns the weight of a string on a matrix, by the trace.
func plainWeight(matrix []complex128, n, index int) complex128 {
	sum := complex128(0)
	for row := range 1 << n {
		column, factor := row, complex128(1)
		for q := range n {
			bit := row >> q & 1
			switch index >> (2 * q) & 3 {
			case 1:
				column ^= 1 << q
			case 2:
				column ^= 1 << q
				factor *= complex(0, float64(2*bit-1))
			case 3:
				factor *= complex(float64(1-2*bit), 0)
			}
		}
		// The string is its own adjoint: its entry (row, column) meets the matrix's (column, row).
		sum += factor * matrix[column<<n|row]
	}
	return sum / complex(float64(int(1)<<n), 0)
}

func TestWeightsAreThoseOfTheDefinition(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for n := range 6 {
			matrix, weights := entries(1<<(2*n)), make([]float64, 2<<(2*n))
			if err := PauliDecompose(matrix, weights); err != nil {
				t.Fatal(err)
			}
			for index, weight := range complexes(weights) {
				if wanted := plainWeight(complexes(matrix), n, index); cmplx.Abs(weight-wanted) > 1e-14 {
					t.Fatalf("n=%d, string %d: %v, wanted %v", n, index, weight, wanted)
				}
			}
		}
	})
}

func TestWeightsLeadBackToTheirMatrix(t *testing.T) {
	defer SetThreads(0)
	for n := range weightsShared + 2 {
		matrix, weights, back := entries(1<<(2*n)), make([]float64, 2<<(2*n)), make([]float64, 2<<(2*n))
		shared := slices.Clone(weights)
		SetThreads(1)
		_ = PauliDecompose(matrix, weights)
		if err := PauliReconstruct(weights, back); err != nil || largest(matrix, back) > 1e-13 {
			t.Fatalf("n=%d: off by %v, %v", n, largest(matrix, back), err)
		}
		SetThreads(3)
		crowd.until.Store(0)
		if _ = PauliDecompose(matrix, shared); !slices.Equal(weights, shared) {
			t.Fatal("threads change the bits")
		}
	}
}

func TestWrongMatricesAreRefused(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, transform := range []func(from, to []float64) error{PauliDecompose, PauliReconstruct} {
			from := entries(16)
			from[9] = math.Inf(-1)
			if err := transform(from, make([]float64, 32)); !errors.Is(err, ErrNotFinite) {
				t.Fatal(err)
			}
		}
		huge := []float64{1.5e308, 0, 1.5e308, 0, 1.5e308, 0, 1.5e308, 0}
		if err := PauliReconstruct(huge, make([]float64, 8)); err == nil || !strings.HasPrefix(err.Error(), "the matrix must be") {
			t.Fatal(err)
		}
		if err := PauliDecompose(huge, make([]float64, 8)); err != nil {
			t.Fatal("weights of huge entries are in reach:", err)
		}
	})
}

// plainHamiltonian is the definition.
func plainHamiltonian(coupling, omega []float64, delta float64) []float64 {
	n := len(omega)
	to := make([]float64, 2<<(2*n))
	sign := func(state, q int) float64 { return float64(1 - 2*(state>>q&1)) }
	for state := range 1 << n {
		row := to[state<<(n+1):]
		for q, field := range omega {
			row[2*state] -= field * sign(state, q)
		}
		for j := range n {
			for i := range j {
				strength := (coupling[i*n+j] + coupling[j*n+i]) / 2
				row[2*state] -= delta * strength * sign(state, i) * sign(state, j)
				if sign(state, i) != sign(state, j) {
					row[2*(state^1<<i^1<<j)] -= 2 * strength
				}
			}
		}
	}
	return to
}

func TestHamiltoniansAreThoseOfTheDefinition(t *testing.T) {
	for n := 1; n <= hamiltonianShared; n++ {
		coupling, omega := angles(n*n, 1), angles(n, 2)
		for i := range n {
			coupling[i*n+i] = 1e300
		}
		found := make([]float64, 2<<(2*n))
		crowd.until.Store(0)
		if err := XYHamiltonian(coupling, omega, 0.3, found); err != nil {
			t.Fatal(err)
		}
		if most := largest(found, plainHamiltonian(coupling, omega, 0.3)); !(most <= 1e-13) {
			t.Fatalf("n=%d: off by %v", n, most)
		}
		for i := 1; i < len(found); i += 2 {
			if found[i] != 0 {
				t.Fatal("not real")
			}
		}
	}
}

func TestWrongNetworksOfQubitsAreRefused(t *testing.T) {
	for wanted, one := range map[string]struct{ coupling, omega []float64 }{
		"an argument is not finite":      {[]float64{0, math.NaN(), 0, 0}, []float64{1, 1}},
		"an argument is not finite, too": {[]float64{0, 0, 0, 0}, []float64{1, math.Inf(1)}},
		"the energies must be finite":    {[]float64{0, 0, 0, 0}, []float64{1e308, 1e308}},
		"the hops must be finite":        {[]float64{0, 1e308, 1e308, 0}, []float64{1, 1}},
	} {
		err := XYHamiltonian(one.coupling, one.omega, 0, make([]float64, 32))
		if err == nil || !strings.HasPrefix(err.Error(), strings.TrimSuffix(wanted, ", too")) {
			t.Errorf("%v, wanted %q", err, wanted)
		}
	}
}

func TestExpectationsAreThoseOfTheDefinition(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for n := 1; n <= localQubits+3; n++ {
			state := entries(1 << n)
			ex, ey, ez, coherence := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, 1)
			if err := PauliExpectations(state, ex, ey, ez, coherence); err != nil {
				t.Fatal(err)
			}
			psi, mean, scale := complexes(state), complex128(0), float64(int(1)<<n)
			for q := range n {
				overlap, polarity := complex128(0), 0.0
				for k, up := range psi {
					if k>>q&1 == 0 {
						down := psi[k|1<<q]
						overlap += cmplx.Conj(up) * down
						polarity += real(up*cmplx.Conj(up)) - real(down*cmplx.Conj(down))
					}
				}
				mean += 2 * overlap / complex(float64(n), 0)
				if !near(ex[q], 2*real(overlap), scale) || !near(ey[q], 2*imag(overlap), scale) || !near(ez[q], polarity, scale) {
					t.Fatalf("n=%d, qubit %d: %v %v %v, wanted %v %v", n, q, ex[q], ey[q], ez[q], 2*overlap, polarity)
				}
			}
			if !near(coherence[0], cmplx.Abs(mean), scale) {
				t.Fatalf("n=%d: %v, wanted %v", n, coherence[0], cmplx.Abs(mean))
			}
		}
	})
}

func TestWrongStatesAreRefused(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		one := func() []float64 { return make([]float64, 3) }
		for _, at := range []int{0, 7, 15} {
			state := entries(8)
			state[at] = math.NaN()
			if err := PauliExpectations(state, one(), one(), one(), one()); !errors.Is(err, ErrNotFinite) {
				t.Fatal(err)
			}
			state[at] = 1e200
			err := PauliExpectations(state, one(), one(), one(), one())
			if err == nil || !strings.HasPrefix(err.Error(), "the expectation values must be finite") {
				t.Fatal(err)
			}
		}
	})
}
