package native

import (
	"math"
	"os"
	"strconv"
	"strings"
)

const (
	// newPart is how much of a bracket must lie outside the span for it to be new: far above rounding, far below any
	// real part.
	newPart = 1e-8
	// unasked is the number of values up to which nobody asks what memory is available.
	unasked = 1 << 23
)

// span is an orthonormal basis of Hermitian matrices as real vectors: the diagonal, then the upper triangle.
type span struct {
	*Search
	rows   []float64
	memory Workspace
	count  int
	// ends is where nothing is left to take in.
	ends    int
	limited bool
}

// closeMatrices brackets every new element with the generators only: right-nested brackets span the algebra.
func (s *Search) closeMatrices(generators []generator, goOn func() bool) (dimension int, complete bool, err error) {
	d := s.D
	memory, err := Obtain((2*len(generators) + 5) * d * d)
	if err != nil {
		return 0, false, err
	}
	defer memory.Release()
	units, element := memory.Take(2*len(generators)*d*d), memory.Take(2*d*d)
	product, vector := memory.Take(2*d*d), memory.Take(d*d)
	basis := span{Search: s, ends: d * d}
	defer func() { basis.memory.Release() }()
	if !unit(generators, units, d) {
		basis.ends--
	}
	for at := 0; at < len(units); at += 2 * d * d {
		one := units[at : at+2*d*d]
		coordinates(vector, d, func(i, j int) (re, im float64) { return one[2*(i*d+j)], one[2*(i*d+j)+1] })
		if err = basis.take(vector); err != nil {
			return 0, false, err
		}
	}
	from, round := 0, 0
	for ; from < basis.count && !basis.ended() && round < s.Rounds; round++ {
		for to := basis.count; from < to; from++ {
			basis.matrix(from, element)
			for at := 0; at < len(units); at += 2 * d * d {
				if !goOn() {
					return 0, false, ErrStopped
				}
				multiply(units[at:at+2*d*d], element, product, d)
				// i (g b - b g), where b g is the adjoint of g b.
				coordinates(vector, d, func(i, j int) (re, im float64) {
					one, other := 2*(i*d+j), 2*(j*d+i)
					return -(product[one+1] + product[other+1]), product[one] - product[other]
				})
				if err = basis.take(vector); err != nil {
					return 0, false, err
				}
			}
		}
	}
	return basis.count, !basis.limited && (basis.count == basis.ends || from == basis.count), nil
}

// unit writes the Hermitian parts of the generators, each with a norm of 1, and says whether one has a trace: brackets
// have none, so that otherwise the identity is out of reach.
func unit(generators []generator, units []float64, d int) (traced bool) {
	for index, one := range generators {
		to, square, trace := units[2*index*d*d:2*(index+1)*d*d], 0.0, 0.0
		for i := range d {
			for j := range d {
				at, other := 2*(i*d+j), 2*(j*d+i)
				to[at] = 0.5 * (one.values[at]/one.scale + one.values[other]/one.scale)
				to[at+1] = 0.5 * (one.values[at+1]/one.scale - one.values[other+1]/one.scale)
				square += to[at]*to[at] + to[at+1]*to[at+1]
			}
		}
		norm := math.Sqrt(square)
		for at := range to {
			to[at] /= norm
		}
		for i := range d {
			trace += to[2*i*(d+1)]
		}
		traced = traced || math.Abs(trace) > newPart*math.Sqrt(float64(d))
	}
	return traced
}

// multiply writes a product of matrices.
func multiply(a, b, to []float64, d int) {
	left, right, product := complexes(a), complexes(b), complexes(to)
	clear(product)
	for i := range d {
		row := product[i*d : i*d+d]
		for k, factor := range left[i*d : i*d+d] {
			if factor == 0 {
				continue
			}
			for j, other := range right[k*d : k*d+d] {
				row[j] += factor * other
			}
		}
	}
}

// coordinates fills a vector with those of the Hermitian matrix that has these entries.
func coordinates(vector []float64, d int, entry func(i, j int) (re, im float64)) {
	at := d
	for i := range d {
		vector[i], _ = entry(i, i)
		for j := i + 1; j < d; j++ {
			re, im := entry(i, j)
			vector[at], vector[at+1] = math.Sqrt2*re, math.Sqrt2*im
			at += 2
		}
	}
}

// matrix writes an element of the basis as a matrix.
func (s *span) matrix(index int, to []float64) {
	d := s.D
	row := s.rows[index*d*d : (index+1)*d*d]
	at := d
	for i := range d {
		to[2*i*(d+1)], to[2*i*(d+1)+1] = row[i], 0
		for j := i + 1; j < d; j++ {
			re, im := row[at]/math.Sqrt2, row[at+1]/math.Sqrt2
			to[2*(i*d+j)], to[2*(i*d+j)+1] = re, im
			to[2*(j*d+i)], to[2*(j*d+i)+1] = re, -im
			at += 2
		}
	}
}

func (s *span) ended() bool { return s.limited || s.count == s.ends }

// take takes in the direction of a vector if it is new; the vector is used up.
func (s *span) take(vector []float64) error {
	if s.ended() {
		return nil
	}
	size := norm(vector)
	if size <= s.Small {
		return nil
	}
	for i := range vector {
		vector[i] /= size
	}
	// Once leaves the rounding errors of a long vector.
	for range 2 {
		for row := range s.count {
			current.project(s.rows[row*len(vector):(row+1)*len(vector)], vector)
		}
		if size = norm(vector); size <= newPart {
			return nil
		}
	}
	if s.count == s.Most {
		s.limited = true
		return nil
	}
	if err := s.makeRoom(len(vector)); err != nil {
		return err
	}
	to := s.rows[s.count*len(vector) : (s.count+1)*len(vector)]
	for i, value := range vector {
		to[i] = value / size
	}
	s.count++
	return nil
}

func plainProject(row, vector []float64) {
	row = row[:len(vector)]
	var sums [4]float64
	i := 0
	for ; i+4 <= len(vector); i += 4 {
		sums[0] += row[i] * vector[i]
		sums[1] += row[i+1] * vector[i+1]
		sums[2] += row[i+2] * vector[i+2]
		sums[3] += row[i+3] * vector[i+3]
	}
	for ; i < len(vector); i++ {
		sums[0] += row[i] * vector[i]
	}
	part := (sums[0] + sums[2]) + (sums[1] + sums[3])
	for i, value := range row {
		vector[i] -= part * value
	}
}

func norm(vector []float64) float64 {
	square := 0.0
	for _, value := range vector {
		square += value * value
	}
	return math.Sqrt(square)
}

// makeRoom doubles the room where it is used up; memory that is not there is an error before it is taken.
func (s *span) makeRoom(length int) error {
	if (s.count+1)*length <= len(s.rows) {
		return nil
	}
	values := min(2*s.count+8, s.ends) * length
	if values > unasked && 8*values > availableMemory() {
		return ErrMemory
	}
	memory, err := Obtain(values)
	if err != nil {
		return err
	}
	rows := memory.Take(values)
	copy(rows, s.rows)
	s.memory.Release()
	s.rows, s.memory = rows, memory
	return nil
}

// availableMemory returns the bytes that are available, as far as the system says.
func availableMemory() int {
	least := math.MaxInt
	for _, place := range []string{"/proc/meminfo", "/sys/fs/cgroup/memory.max"} {
		text, err := os.ReadFile(place)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(text), "\n") {
			words := strings.Fields(line)
			if len(words) == 1 {
				if limit, err := strconv.Atoi(words[0]); err == nil {
					least = min(least, limit)
				}
			} else if len(words) > 1 && words[0] == "MemAvailable:" {
				if free, err := strconv.Atoi(words[1]); err == nil {
					least = min(least, 1024*free)
				}
			}
		}
	}
	return least
}
