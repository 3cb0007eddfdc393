package native

import "math"

// The baseline: plain Go and its mathematical library, for every CPU and every magnitude.

// group is the number of rows that advance together at any level.
const group = 4

// constant is one number for each row of a group, as vectors want it.
type constant = [group]float64

func every(value float64) constant { return constant{value, value, value, value} }

func plainSums(angles []float64) (cosines, sines float64) {
	for _, angle := range angles {
		sin, cos := math.Sincos(angle)
		cosines += cos
		sines += sin
	}
	return cosines, sines
}

func plainEvaluate(sin, cos, angles []float64) bool {
	sin, cos = sin[:len(angles)], cos[:len(angles)]
	for i, angle := range angles {
		sin[i], cos[i] = math.Sincos(angle)
	}
	return true
}

func plainFinite(values []float64) bool {
	sum := 0.0
	for _, value := range values {
		sum += value * 0
	}
	return sum == 0
}

// plainProducts returns one row's products with the sines and with the cosines, the diagonal left out.
func plainProducts(n, row int, coupling, sin, cos []float64) (sines, cosines float64) {
	pulls := coupling[row*n : row*n+n]
	sin, cos = sin[:len(pulls)], cos[:len(pulls)]
	add := func(from, to int) {
		for i, pull := range pulls[from:to] {
			sines += pull * sin[from:to][i]
			cosines += pull * cos[from:to][i]
		}
	}
	add(0, row)
	add(row+1, n)
	return sines, cosines
}

func plainPulls(n int, coupling, sin, cos, forces []float64, from, to int) {
	for row := from; row < to; row++ {
		sines, cosines := plainProducts(n, row, coupling, sin, cos)
		forces[row] = cos[row]*sines - sin[row]*cosines
	}
}

func plainAdvance(s *state, r rule, round, from, to int) {
	now, next := round&1, 1-round&1
	for row := from; row < min(to, s.n); row++ {
		sines, cosines := plainProducts(s.n, row, s.coupling, s.sin[now], s.cos[now])
		slope := s.omega[row] + s.cos[now][row]*sines - s.sin[now][row]*cosines
		s.sin[next][row], s.cos[next][row] = math.Sincos(s.plainPhase(r, row, slope))
	}
}

// plainPhase takes a slope and returns the phase at which the next round begins.
func (s *state) plainPhase(r rule, row int, slope float64) float64 {
	switch r {
	case rotate, evaluate:
		s.theta[row] += slope * s.dt
	case stage0:
		s.slopes[row] = slope
		return s.theta[row] + 0.5*s.dt*slope
	case stage1:
		s.slopes[row] += 2 * slope
		return s.theta[row] + 0.5*s.dt*slope
	case stage2:
		s.slopes[row] += 2 * slope
		return s.theta[row] + s.dt*slope
	default:
		s.theta[row] += s.dt / 6 * (s.slopes[row] + slope)
	}
	return s.theta[row]
}
