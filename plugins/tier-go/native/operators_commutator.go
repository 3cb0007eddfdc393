package native

import "sync/atomic"

const (
	// commutatorShared is the size from which helpers are asked to share a commutator.
	commutatorShared = 64
	// tileRows of a tile of the product advance together, group columns wide.
	tileRows = 4
)

// planes are the two factors of one product of twice the depth, (a, -b) and (b; a), cut into panels for the tiles:
// of each step in depth the left panels hold four real and four imaginary parts, the right ones these and the
// imaginary parts with the other sign.
type planes struct {
	d, depth    int
	left, right []float64
}

// Commutator writes a b - b a; goOn is asked now and then.
func Commutator(a, b, to []float64, d int, goOn func() bool) error {
	panels := padded(d) / group
	size := panels * 2 * d
	memory, err := Obtain(size * (2*tileRows + 3*group))
	if err != nil {
		return err
	}
	defer memory.Release()
	p := planes{d, 2 * d, memory.Take(size * 2 * tileRows), memory.Take(size * 3 * group)}
	shared := d >= commutatorShared
	claims(panels, shared, func(panel int) {
		p.splitLeft(panel, a, 0, 1)
		p.splitLeft(panel, b, d, -1)
		p.splitRight(panel, b, 0)
		p.splitRight(panel, a, d)
	})
	var stopped atomic.Bool
	claims(panels, shared, func(panel int) {
		if stopped.Load() || !goOn() {
			stopped.Store(true)
			return
		}
		p.multiply(panel, to)
	})
	switch {
	case stopped.Load():
		return ErrStopped
	case current.finite(to):
		return nil
	case current.finite(a) && current.finite(b):
		return tooLarge("the commutator")
	default:
		return ErrNotFinite
	}
}

// splitLeft copies four rows of a factor to a left panel, from a place in depth on.
func (p *planes) splitLeft(panel int, from []float64, place int, sign float64) {
	to := p.left[(panel*p.depth+place)*2*tileRows:]
	for lane := 0; lane < tileRows; lane++ {
		// Rows beyond the last are zeros.
		if row := panel*tileRows + lane; row < p.d {
			for k, at := 0, 2*row*p.d; k < p.d; k, at = k+1, at+2 {
				to[2*tileRows*k+lane], to[2*tileRows*k+tileRows+lane] = sign*from[at], sign*from[at+1]
			}
			continue
		}
		for k := 0; k < p.d; k++ {
			to[2*tileRows*k+lane], to[2*tileRows*k+tileRows+lane] = 0, 0
		}
	}
}

// splitRight copies four columns of a factor to a right panel.
func (p *planes) splitRight(panel int, from []float64, place int) {
	to := p.right[(panel*p.depth+place)*3*group:]
	for k := 0; k < p.d; k++ {
		step := to[3*group*k : 3*group*(k+1)]
		clear(step)
		for lane := 0; lane < min(group, p.d-panel*group); lane++ {
			at := 2 * (k*p.d + panel*group + lane)
			step[lane], step[group+lane], step[2*group+lane] = from[at], from[at+1], -from[at+1]
		}
	}
}

// multiply writes the rows of one left panel.
func (p *planes) multiply(panel int, to []float64) {
	var tile [2 * tileRows * group]float64
	left := p.left[panel*p.depth*2*tileRows : (panel+1)*p.depth*2*tileRows]
	for column := 0; column < padded(p.d)/group; column++ {
		current.tile(left, p.right[column*p.depth*3*group:(column+1)*p.depth*3*group], &tile)
		for lane := 0; lane < min(tileRows, p.d-panel*tileRows); lane++ {
			row := to[2*((panel*tileRows+lane)*p.d+column*group):]
			for at := 0; at < min(group, p.d-column*group); at++ {
				row[2*at], row[2*at+1] = tile[lane*group+at], tile[(tileRows+lane)*group+at]
			}
		}
	}
}

// plainTile writes the real, then the imaginary parts of a tile of the product.
func plainTile(left, right []float64, tile *[2 * tileRows * group]float64) {
	clear(tile[:])
	for len(left) >= 2*tileRows && len(right) >= 3*group {
		for lane, re := range left[:tileRows] {
			im := left[tileRows+lane]
			for at := 0; at < group; at++ {
				tile[lane*group+at] += re*right[at] + im*right[2*group+at]
				tile[(tileRows+lane)*group+at] += re*right[group+at] + im*right[at]
			}
		}
		left, right = left[2*tileRows:], right[3*group:]
	}
}
