package native

import "math"

// closeBy is the largest phase or lag from whose sine and cosine those of differences are made: beyond, the rounding of
// the difference, which the definition wants, would be missed.
const closeBy = 64

// gentle is the largest sum of a row's pulls times a step whose roundings do not grow within the step: beyond, every
// slope is made as it is defined.
const gentle = 4

// voyage is a running trace. Sums over the pairs are products of a matrix of pulls with sines and with cosines, for
// sin((y-a) - x) = sin(y) cos(x+a) - cos(y) sin(x+a); the pulls depend on the time alone, and those at the end of a
// step are those at the start of the next. The pushes never change, and are joined to the frequencies.
type voyage struct {
	*Beams
	n int
	// Arrays of oscillators, padded: phases and positions at the start of the step, and those of the stage.
	theta, stage, start, middle, end []float64
	free, slopes, total              []float64
	sin, cos, sines, cosines         []float64
	now, half                        []float64
	room                             []float64
	coarse                           bool
	lagSin, lagCos                   float64
}

// Trace integrates by the classical Runge-Kutta method; goOn is asked before every step.
func (b *Beams) Trace(goOn func() bool) error {
	for _, argument := range [][]float64{b.Theta, b.Position, b.Velocity, b.Omega, b.Coupling, b.Rate} {
		if !current.finite(argument) {
			return ErrNotFinite
		}
	}
	n := len(b.Theta)
	memory, err := Obtain(15*padded(n) + 2*n*n)
	if err != nil {
		return err
	}
	defer memory.Release()
	v := b.embark(&memory)
	for step := 0; step < b.Steps; step++ {
		if !goOn() {
			return ErrStopped
		}
		v.step(step)
	}
	v.evaluate(v.theta)
	b.Order[b.Steps] = v.order()
	return b.sound()
}

func (b *Beams) embark(memory *Workspace) *voyage {
	n := len(b.Theta)
	v := &voyage{Beams: b, n: n}
	v.lagSin, v.lagCos = math.Sincos(b.Lag)
	for _, part := range []*[]float64{
		&v.theta, &v.stage, &v.start, &v.middle, &v.end, &v.free, &v.slopes, &v.total,
		&v.sin, &v.cos, &v.sines, &v.cosines,
	} {
		*part = memory.Take(padded(n))
		clear(*part)
	}
	v.room, v.now, v.half = memory.Take(3*padded(n)), memory.Take(n*n), memory.Take(n*n)
	copy(v.theta, b.Theta)
	copy(v.start, b.Position)
	for i := range b.Theta {
		pushes := 0.0
		for j := range b.Theta {
			if j != i {
				pushes += b.pushed(i, j)
			}
		}
		v.free[i] = b.Omega[i] + pushes
		pulls := 0.0
		for _, pull := range b.Coupling[i*n : i*n+n] {
			pulls += math.Abs(pull)
		}
		v.coarse = v.coarse || pulls*b.DT > gentle
	}
	b.Times[0] = b.Time
	copy(b.Phases, b.Theta)
	copy(b.Positions, b.Position)
	b.Locks[0] = rawLock(b.Theta)
	current.weigh(n, b.Coupling, v.start, b.Scale, v.now)
	return v
}

// step writes the row after a step, and the order parameter of the row before.
func (v *voyage) step(step int) {
	h, n, time := v.DT, v.n, v.Times[step]
	for i, velocity := range v.Velocity {
		v.middle[i] = v.start[i] + float64(0.5*h*velocity)
		v.end[i] = v.start[i] + float64(h*velocity)
	}
	current.weigh(n, v.Coupling, v.middle, v.Scale, v.half)
	v.derive(v.theta, v.now, v.start, time)
	v.Order[step] = v.order()
	v.advance(0.5*h, 0)
	v.derive(v.stage, v.half, v.middle, time+0.5*h)
	v.advance(0.5*h, 2)
	v.derive(v.stage, v.half, v.middle, time+0.5*h)
	v.advance(h, 2)
	current.weigh(n, v.Coupling, v.end, v.Scale, v.now)
	v.derive(v.stage, v.now, v.end, time+h)
	for i, slope := range v.slopes[:n] {
		angle := v.theta[i] + float64(h/6*(v.total[i]+slope))
		if v.coarse {
			v.theta[i] = wrappedFar(angle)
		} else {
			v.theta[i] = wrapped(angle)
		}
	}
	copy(v.start, v.end)
	v.Times[step+1] = time + h
	copy(v.Phases[(step+1)*n:(step+2)*n], v.theta)
	copy(v.Positions[(step+1)*n:(step+2)*n], v.start)
	v.Locks[step+1] = lock(v.theta[:n])
}

// advance adds the slopes to their sum, weight times, and moves the stage on from the step's start.
func (v *voyage) advance(time, weight float64) {
	for i, slope := range v.slopes[:v.n] {
		if weight == 0 {
			v.total[i] = slope
		} else {
			v.total[i] += float64(weight * slope)
		}
		v.stage[i] = v.theta[i] + float64(time*slope)
	}
}

// evaluate fills the sines and cosines, and says whether every phase and the lag are close by.
func (v *voyage) evaluate(theta []float64) bool {
	angles := theta[:v.n]
	if !current.evaluate(v.sin, v.cos, angles) {
		plainEvaluate(v.sin, v.cos, angles)
	}
	for _, angle := range angles {
		if !(math.Abs(angle) <= closeBy) {
			return false
		}
	}
	return math.Abs(v.Lag) <= closeBy
}

// derive fills the slopes, and the sines and cosines of the phases.
func (v *voyage) derive(theta, pulls, position []float64, time float64) {
	if !v.evaluate(theta) || v.coarse {
		for i := 0; i < v.n; i++ {
			v.slopes[i] = v.slope(i, theta, position, time, v.room, v.carefulSines)
		}
		return
	}
	current.sumUp(v.n, pulls, v.sin, v.cos, v.sines, v.cosines)
	for i := 0; i < v.n; i++ {
		lateCos, lateSin := v.cos[i]*v.lagCos-v.sin[i]*v.lagSin, v.sin[i]*v.lagCos+v.cos[i]*v.lagSin
		free := v.free[i]
		if len(v.Rate) > 0 {
			free += time * v.Rate[i]
		}
		v.slopes[i] = free + lateCos*v.sines[i] - lateSin*v.cosines[i]
	}
}

// order returns the order parameter of the phases whose sines and cosines are at hand.
func (v *voyage) order() float64 {
	sines, cosines := 0.0, 0.0
	for i, sin := range v.sin[:v.n] {
		sines += sin
		cosines += v.cos[i]
	}
	return math.Sqrt(sines*sines+cosines*cosines) / float64(v.n)
}

// wrapped returns the angle between -pi and pi; where the definition gives -pi this may give pi, the same angle.
func wrapped(angle float64) float64 {
	switch {
	case angle >= -math.Pi && angle < math.Pi:
		return angle
	case angle >= -3*math.Pi && angle < -math.Pi:
		return angle + 2*math.Pi
	case angle >= math.Pi && angle < 3*math.Pi:
		return angle - 2*math.Pi
	}
	return wrappedFar(angle)
}

// wrappedFar is as wrapped, by the definition.
func wrappedFar(angle float64) float64 {
	turned := math.Mod(angle+math.Pi, 2*math.Pi)
	if turned < 0 {
		turned += 2 * math.Pi
	}
	return turned - math.Pi
}

// rawLock returns the largest distance between two phases on the circle.
func rawLock(theta []float64) float64 {
	most := 0.0
	for i, one := range theta {
		for _, other := range theta[i+1:] {
			most = max(most, math.Abs(wrapped(other-one)))
		}
	}
	return most
}

// lock is as rawLock, of phases that are wrapped.
func lock(theta []float64) float64 {
	most := 0.0
	for i, one := range theta {
		for _, other := range theta[i+1:] {
			apart := math.Abs(other - one)
			most = max(most, min(apart, 2*math.Pi-apart))
		}
	}
	return most
}

// sound says which part of a path is not finite: what is not in a row is not in the last.
func (b *Beams) sound() error {
	n := len(b.Theta)
	for _, part := range []struct {
		name   string
		values []float64
		width  int
	}{{"time", b.Times, 1}, {"phases", b.Phases, n}, {"positions", b.Positions, n}} {
		if plainFinite(part.values[len(part.values)-part.width:]) {
			continue
		}
		for i, value := range part.values {
			if !finite(value) {
				return infinite(part.name, "%v at row %d", value, i/part.width)
			}
		}
	}
	return nil
}

// plainWeigh writes the pulls at some positions.
func plainWeigh(n int, coupling, position []float64, scale float64, pulls []float64) {
	for i := 0; i < n; i++ {
		to, z := pulls[i*n:i*n+n], position[i]
		for j, strength := range coupling[i*n : i*n+n] {
			to[j] = strength / (1 + math.Abs(z-position[j])/scale)
		}
	}
}

// plainSumUp writes each row's products with the sines and with the cosines, the diagonal left out.
func plainSumUp(n int, pulls, sin, cos, sines, cosines []float64) {
	for row := 0; row < n; row++ {
		sines[row], cosines[row] = plainProducts(n, row, pulls, sin, cos)
	}
}
