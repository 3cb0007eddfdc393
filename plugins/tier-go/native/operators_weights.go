package native

import mathbits "math/bits"

const (
	// weightsShared is the number of qubits from which helpers are asked to share a transformation.
	weightsShared = 8
	// stretch is the number of butterflies that a thread claims.
	stretch = 4096
)

// butterfly turns four quarters of a block, of complex numbers, from entries to weights or back.
type butterfly func(a, b, c, d []complex128)

// toWeights applies twice the matrix that takes the entries 00 01 10 11 to the weights on I X Y Z.
func toWeights(a, b, c, d []complex128) {
	b, c, d = b[:len(a)], c[:len(a)], d[:len(a)]
	for i, p := range a {
		q, r, s := b[i], c[i], d[i]
		a[i], b[i], c[i], d[i] = p+s, q+r, timesI(q-r), p-s
	}
}

// toEntries is its inverse, but for the factor.
func toEntries(a, b, c, d []complex128) {
	b, c, d = b[:len(a)], c[:len(a)], d[:len(a)]
	for i, p := range a {
		q, r, s := b[i], timesI(c[i]), d[i]
		a[i], b[i], c[i], d[i] = p+s, q-r, q+r, p-s
	}
}

func timesI(z complex128) complex128 { return complex(-imag(z), real(z)) }

// complete applies the butterflies of all qubits of a block of 4^k numbers; from the smallest blocks up, so that all but
// the last find their block in a cache near the core.
func complete(block []complex128, turn butterfly) {
	if len(block) == 1 {
		return
	}
	quarter := len(block) / 4
	if quarter > 1 {
		for part := 0; part < 4; part++ {
			complete(block[part*quarter:(part+1)*quarter], turn)
		}
	}
	turn(block[:quarter], block[quarter:2*quarter], block[2*quarter:3*quarter], block[3*quarter:])
}

// transform is as complete of n qubits, with helpers where they pay.
func transform(block []complex128, n int, turn butterfly) {
	if n < weightsShared {
		complete(block, turn)
		return
	}
	part := len(block) / 16
	claims(16, true, func(i int) { complete(block[i*part:(i+1)*part], turn) })
	for _, whole := range [][]complex128{
		block[:4*part], block[4*part : 8*part], block[8*part : 12*part], block[12*part:], block,
	} {
		quarter := len(whole) / 4
		claims((quarter+stretch-1)/stretch, true, func(i int) {
			from, to := i*stretch, min(quarter, (i+1)*stretch)
			turn(whole[from:to], whole[quarter+from:quarter+to],
				whole[2*quarter+from:2*quarter+to], whole[3*quarter+from:3*quarter+to])
		})
	}
}

// spread puts the bits of a number at every second place.
func spread(number int) int {
	spaced := uint64(number)
	spaced = (spaced | spaced<<16) & 0x0000ffff0000ffff
	spaced = (spaced | spaced<<8) & 0x00ff00ff00ff00ff
	spaced = (spaced | spaced<<4) & 0x0f0f0f0f0f0f0f0f
	spaced = (spaced | spaced<<2) & 0x3333333333333333
	return int((spaced | spaced<<1) & 0x5555555555555555)
}

// exchange calls move with the place of every entry, in the matrix and in base-4 order, where row and column bits
// alternate.
func exchange(d int, move func(entry, place int)) {
	// The next number whose bits lie at every second place comes by a carry through the places between.
	for row := 0; row < d; row++ {
		above := spread(row) << 1
		for column, place := 0, 0; column < d; column++ {
			move(row*d+column, above|place)
			place = int((uint64(place)|0xaaaaaaaaaaaaaaaa)+1) & 0x5555555555555555
		}
	}
}

// PauliDecompose writes the weights of a matrix in the basis of Pauli strings.
func PauliDecompose(matrix, weights []float64) error {
	from, to := complexes(matrix), complexes(weights)
	n := (mathbits.Len(uint(len(to))) - 1) / 2
	scale := 1 / float64(int(1)<<n)
	exchange(1<<n, func(entry, place int) {
		to[place] = complex(real(from[entry])*scale, imag(from[entry])*scale)
	})
	transform(to, n, toWeights)
	if current.finite(weights) {
		return nil
	}
	return ErrNotFinite
}

// PauliReconstruct writes the matrix that has these weights.
func PauliReconstruct(weights, matrix []float64) error {
	memory, err := Obtain(len(weights))
	if err != nil {
		return err
	}
	defer memory.Release()
	room := memory.Take(len(weights))
	copy(room, weights)
	block, to := complexes(room), complexes(matrix)
	n := (mathbits.Len(uint(len(block))) - 1) / 2
	transform(block, n, toEntries)
	exchange(1<<n, func(entry, place int) { to[entry] = block[place] })
	if current.finite(matrix) {
		return nil
	}
	if current.finite(weights) {
		return tooLarge("the matrix")
	}
	return ErrNotFinite
}
