package native

import (
	"bytes"
	"errors"
	"math"
	"math/rand"
	"testing"
)

// pauli returns a string of the letters I, X, Y, Z, the first of the highest qubit, as a matrix times a strength.
func pauli(letters string, strength float64) []float64 {
	n := len(letters)
	to := make([]float64, 2<<(2*n))
	for row := range 1 << n {
		column, factor := row, complex(strength, 0)
		for q := range n {
			bit := row >> q & 1
			switch letters[n-1-q] {
			case 'X':
				column ^= 1 << q
			case 'Y':
				column ^= 1 << q
				factor *= complex(0, float64(2*bit-1))
			case 'Z':
				factor *= complex(float64(1-2*bit), 0)
			}
		}
		to[2*(row<<n|column)], to[2*(row<<n|column)+1] = real(factor), imag(factor)
	}
	return to
}

func sum(parts ...[]float64) []float64 {
	to := make([]float64, len(parts[0]))
	for _, part := range parts {
		for i, value := range part {
			to[i] += value
		}
	}
	return to
}

func search(d int, generators ...[]float64) *Search {
	s := &Search{Count: len(generators), D: d, Rounds: 50, Most: 1 << 40, Small: 1e-10}
	for _, one := range generators {
		s.Generators = append(s.Generators, one...)
	}
	return s
}

// exchanges are the generators Z_i, X_i X_j and Y_i Y_j of every qubit and pair.
func exchanges(n int) (all [][]float64) {
	letters := func(letter byte, places ...int) []float64 {
		text := bytes.Repeat([]byte{'I'}, n)
		for _, place := range places {
			text[place] = letter
		}
		return pauli(string(text), 1)
	}
	for i := range n {
		all = append(all, letters('Z', i))
		for j := range i {
			all = append(all, letters('X', i, j), letters('Y', i, j))
		}
	}
	return all
}

// mixed returns the same span of generators, none of them a single string.
func mixed(generators [][]float64) (all [][]float64) {
	all = append(all, generators[0])
	for i := 1; i < len(generators); i++ {
		all = append(all, sum(generators[i], generators[i-1]))
	}
	return all
}

func TestDimensionsOfKnownAlgebras(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	hermitian := func(d int) []float64 {
		to := make([]float64, 2*d*d)
		for i := range d {
			for j := range i {
				re, im := random.NormFloat64(), random.NormFloat64()
				to[2*(i*d+j)], to[2*(i*d+j)+1], to[2*(j*d+i)], to[2*(j*d+i)+1] = re, im, re, -im
			}
			to[2*i*(d+1)] = random.NormFloat64()
		}
		return to
	}
	tilted := func(scale float64) *Search {
		return search(2, sum(pauli("X", 0.7*scale), pauli("Z", 0.3*scale)), sum(pauli("X", 0.2*scale), pauli("Z", 1.1*scale)))
	}
	ising := search(8, sum(pauli("IZZ", 1), pauli("ZZI", 1)), sum(pauli("IIX", 1), pauli("IXI", 1), pauli("XII", 1)))
	for name, one := range map[string]struct {
		search *Search
		wanted int
	}{
		"nothing":           {search(2, make([]float64, 8)), 0},
		"one string":        {search(2, pauli("Y", 3)), 1},
		"one of 1":          {search(1, []float64{2, 0}), 1},
		"two strings":       {search(2, pauli("X", 1), pauli("Y", 1e-6)), 3},
		"strings and 1":     {search(2, pauli("X", 1), pauli("Y", 1), pauli("I", 1)), 4},
		"tilted":            {tilted(1), 3},
		"tilted and small":  {tilted(1e-6), 3},
		"tilted and tiny":   {tilted(1e-300), 3},
		"tilted and large":  {tilted(1e4), 3},
		"commuting":         {search(4, pauli("ZI", 1), pauli("IZ", 1)), 2},
		"an open chain":     {ising, 9},
		"exchanges":         {search(8, exchanges(3)...), 30},
		"mixed exchanges":   {search(8, mixed(exchanges(3))...), 30},
		"exchanges of five": {search(32, exchanges(5)...), 510},
		"no power of two":   {search(3, hermitian(3), hermitian(3)), 9},
		"all of five":       {search(5, hermitian(5), hermitian(5)), 25},
	} {
		dimension, complete, err := one.search.Dimension(always)
		if dimension != one.wanted || !complete || err != nil {
			t.Errorf("%s: %d %v %v, wanted %d", name, dimension, complete, err, one.wanted)
		}
	}
}

func TestLimitsStopASearch(t *testing.T) {
	for _, generators := range [][][]float64{exchanges(3), mixed(exchanges(3))} {
		s := search(8, generators...)
		s.Most = 12
		if dimension, complete, err := s.Dimension(always); dimension != 12 || complete || err != nil {
			t.Error(dimension, complete, err)
		}
		s.Most = 30
		if dimension, complete, err := s.Dimension(always); dimension != 30 || !complete || err != nil {
			t.Error(dimension, complete, err)
		}
		s.Rounds = 1
		if dimension, complete, err := s.Dimension(always); dimension >= 30 || complete || err != nil {
			t.Error(dimension, complete, err)
		}
		if _, _, err := search(8, generators...).Dimension(func() bool { return false }); !errors.Is(err, ErrStopped) {
			t.Error(err)
		}
	}
}

func TestWrongGeneratorsAreRefused(t *testing.T) {
	var refusal *RefusalError
	skew := pauli("XZ", 1)
	skew[2*2] += 1e-3
	if _, _, err := search(4, pauli("ZI", 1), skew).Dimension(always); !errors.As(err, &refusal) ||
		refusal.Found != "argument 'generators' must be Hermitian: found a matrix that is not, at index 1" {
		t.Fatal(err)
	}
	skew[0] = math.NaN()
	if _, _, err := search(4, skew).Dimension(always); !errors.Is(err, ErrNotFinite) {
		t.Fatal(err)
	}
}
