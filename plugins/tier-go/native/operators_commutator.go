package native

import "sync/atomic"

const (
	// commutatorShared is the size from which helpers are asked to share a commutator.
	commutatorShared = 64
	// panelsAtOnce is the number of left panels that a thread claims: the right panel that they meet stays near the core.
	panelsAtOnce = 4
	// deep is the depth of a product that is added up at once: as many steps of two panels fit into the nearest cache.
	deep = 256
	// leftStep and rightStep are the numbers that a panel has of each step in depth.
	leftStep, rightStep = 2 * group, 3 * group
)

// planes are the two factors of one product of twice the depth, (a, -b) and (b; a), cut into panels for the tiles:
// of each step in depth the left panels hold the real, then the imaginary parts of four rows, the right ones those of
// four columns, and the imaginary parts with the other sign.
type planes struct {
	d, depth    int
	left, right []float64
}

// tile is a part of the product: first the real parts, row by row.
type tile [2 * group * group]float64

// Commutator writes a b - b a; goOn is asked now and then.
func Commutator(a, b, to []float64, d int, goOn func() bool) error {
	panels := padded(d) / group
	p := planes{d: d, depth: 2 * d}
	size := panels * p.depth
	memory, err := Obtain(size * (leftStep + rightStep))
	if err != nil {
		return err
	}
	defer memory.Release()
	p.left, p.right = memory.Take(size*leftStep), memory.Take(size*rightStep)
	shared := d >= commutatorShared
	claims(panels, shared, func(panel int) {
		p.splitLeft(panel, a, 0, 1)
		p.splitLeft(panel, b, d, -1)
		p.splitRight(panel, b, 0)
		p.splitRight(panel, a, d)
	})
	var stopped atomic.Bool
	claims((panels+panelsAtOnce-1)/panelsAtOnce, shared, func(part int) {
		for from := 0; from < p.depth; from += deep {
			if stopped.Load() || !goOn() {
				stopped.Store(true)
				return
			}
			p.multiply(part*panelsAtOnce, min(panels, (part+1)*panelsAtOnce), from, min(p.depth, from+deep), to)
		}
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
	to := p.left[(panel*p.depth+place)*leftStep:][:p.d*leftStep]
	for lane := 0; lane < group; lane++ {
		// Rows beyond the last are zeros.
		row := panel*group + lane
		for k := 0; k < p.d; k++ {
			re, im := 0.0, 0.0
			if row < p.d {
				re, im = sign*from[2*(row*p.d+k)], sign*from[2*(row*p.d+k)+1]
			}
			at := leftStep*k + lane
			to[at], to[at+group] = re, im
		}
	}
}

// splitRight copies four columns of a factor to a right panel.
func (p *planes) splitRight(panel int, from []float64, place int) {
	to := p.right[(panel*p.depth+place)*rightStep:][:p.d*rightStep]
	for k := 0; k < p.d; k++ {
		step := to[rightStep*k : rightStep*(k+1)]
		clear(step)
		for lane := 0; lane < min(group, p.d-panel*group); lane++ {
			at := 2 * (k*p.d + panel*group + lane)
			step[lane], step[group+lane], step[2*group+lane] = from[at], from[at+1], -from[at+1]
		}
	}
}

// multiply adds a part of the depth to the rows of some left panels.
func (p *planes) multiply(first, last, from, upTo int, to []float64) {
	for column := 0; column < padded(p.d)/group; column++ {
		right := p.right[(column*p.depth+from)*rightStep : (column*p.depth+upTo)*rightStep]
		for panel := first; panel < last; panel++ {
			var part tile
			current.tile(p.left[(panel*p.depth+from)*leftStep:(panel*p.depth+upTo)*leftStep], right, &part)
			p.add(panel*group, column*group, &part, from == 0, to)
		}
	}
}

// add adds a tile to the product, or begins it.
func (p *planes) add(row, column int, part *tile, begin bool, to []float64) {
	for i := 0; i < min(group, p.d-row); i++ {
		line := to[2*((row+i)*p.d+column):][:2*min(group, p.d-column)]
		if begin {
			clear(line)
		}
		for j := 0; j < len(line)/2; j++ {
			at := i*group + j
			line[2*j] += part[at]
			line[2*j+1] += part[at+group*group]
		}
	}
}

func plainTile(left, right []float64, to *tile) {
	clear(to[:])
	for ; len(left) >= leftStep && len(right) >= rightStep; left, right = left[leftStep:], right[rightStep:] {
		for i, re := range left[:group] {
			im := left[group+i]
			for j, other := range right[:group] {
				at := i*group + j
				to[at] += re*other - im*right[group+j]
				to[at+group*group] += re*right[group+j] + im*other
			}
		}
	}
}
