package native

import (
	"math"
	mathbits "math/bits"
)

// mostStringQubits bounds the strings whose masks are a place in a table of 4^n bits.
const mostStringQubits = 15

// Search is for the dimension of the real Lie algebra that Hermitian matrices generate.
type Search struct {
	Generators []float64
	Count, D   int
	// Rounds and Most bound the search; what is smaller than Small times its own scale counts as zero.
	Rounds, Most int
	Small        float64
}

// generator is a matrix that is not zero, and the largest magnitude of its parts.
type generator struct {
	values []float64
	scale  float64
}

// Dimension returns the dimension, and whether no limit stopped the search; goOn is asked now and then.
func (s *Search) Dimension(goOn func() bool) (dimension int, complete bool, err error) {
	if !current.finite(s.Generators) {
		return 0, false, ErrNotFinite
	}
	generators, err := s.kept()
	if err != nil || len(generators) == 0 {
		return 0, true, err
	}
	if strings, found := s.strings(generators); found {
		return s.closeStrings(strings, goOn)
	}
	return s.closeMatrices(generators, goOn)
}

// kept returns the generators that are not zero, provided that they are Hermitian.
func (s *Search) kept() (generators []generator, err error) {
	size, top := 2*s.D*s.D, 0.0
	for index := 0; index < s.Count; index++ {
		one := generator{values: s.Generators[index*size : (index+1)*size]}
		for _, value := range one.values {
			one.scale = max(one.scale, math.Abs(value))
		}
		top = max(top, one.scale)
		generators = append(generators, one)
	}
	kept := generators[:0]
	for index, one := range generators {
		if one.scale > 0 && one.scale/top > s.Small {
			if !hermitian(one.values, s.D, s.Small*one.scale) {
				return nil, refused("generators", "Hermitian", "a matrix that is not, at index %d", index)
			}
			kept = append(kept, one)
		}
	}
	return kept, nil
}

// hermitian says whether a matrix is its own adjoint, up to slack in magnitude.
func hermitian(values []float64, d int, slack float64) bool {
	for i := 0; i < d; i++ {
		for j := i; j < d; j++ {
			one, other := 2*(i*d+j), 2*(j*d+i)
			re, im := values[one]-values[other], values[one+1]+values[other+1]
			if (re != 0 || im != 0) && !(math.Hypot(re, im) <= slack) {
				return false
			}
		}
	}
	return true
}

// strings returns each generator as x | z << n with a bit of x where it flips a qubit and a bit of z where it signs
// one, if all are multiples of one string each.
func (s *Search) strings(generators []generator) (strings []uint32, found bool) {
	n := mathbits.Len(uint(s.D)) - 1
	if s.D != 1<<n || n > mostStringQubits {
		return nil, false
	}
	for _, one := range generators {
		x, z, is := one.masks(n, s.Small*one.scale)
		if !is {
			return nil, false
		}
		strings = append(strings, uint32(x|z<<n))
	}
	return strings, true
}

// masks returns the masks of the string that a matrix is a multiple of.
func (g *generator) masks(n int, slack float64) (x, z int, found bool) {
	entries, d := complexes(g.values), 1<<n
	size := func(entry complex128) float64 { return math.Hypot(real(entry), imag(entry)) }
	for column := range d {
		if size(entries[column]) > size(entries[x]) {
			x = column
		}
	}
	leading := entries[x]
	if size(leading) <= slack {
		return 0, 0, false
	}
	for q := range n {
		entry := entries[1<<q*d+(1<<q^x)]
		// Halved magnitudes: the product of huge entries would overflow.
		if real(entry)/g.scale*(real(leading)/g.scale)+imag(entry)/g.scale*(imag(leading)/g.scale) < 0 {
			z |= 1 << q
		}
	}
	for row := range d {
		for column, entry := range entries[row*d : row*d+d] {
			if column == row^x {
				if odd(row & z) {
					entry += leading
				} else {
					entry -= leading
				}
			}
			// Almost always all are zero.
			if entry != 0 && size(entry) > slack {
				return 0, 0, false
			}
		}
	}
	return x, z, true
}

func odd(mask int) bool { return mathbits.OnesCount(uint(mask))&1 == 1 }

// closeStrings: two strings either commute or their bracket is a multiple of their product, whose masks are the
// exclusive or.
func (s *Search) closeStrings(strings []uint32, goOn func() bool) (dimension int, complete bool, err error) {
	n := mathbits.Len(uint(s.D)) - 1
	memory, err := Obtain((1<<(2*n) + 63) / 64)
	if err != nil {
		return 0, false, err
	}
	defer memory.Release()
	known := words(memory.values)
	clear(known)
	isNew := func(string uint32) bool {
		word, bit := &known[string/64], uint64(1)<<(string%64)
		before := *word
		*word |= bit
		return before&bit == 0
	}
	mirrored := make([]uint32, len(strings))
	var edge, next []uint32
	for i, string := range strings {
		mirrored[i] = string>>n | string&(1<<n-1)<<n
		if isNew(string) {
			edge = append(edge, string)
		}
	}
	for round := 0; ; round++ {
		dimension += len(edge)
		if dimension > s.Most {
			return s.Most, false, nil
		}
		if !goOn() {
			return 0, false, ErrStopped
		}
		// After the last round one more look tells whether anything is left.
		next = next[:0]
		for _, element := range edge {
			for i, string := range strings {
				// Strings anticommute if an odd number of qubits has different letters of X, Y, Z.
				if mathbits.OnesCount32(element&mirrored[i])&1 == 1 && isNew(element^string) {
					next = append(next, element^string)
				}
			}
		}
		if len(next) == 0 || round == s.Rounds {
			return dimension, len(next) == 0, nil
		}
		edge, next = next, edge
	}
}
