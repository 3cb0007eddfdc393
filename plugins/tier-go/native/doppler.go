package native

import "math"

const (
	// derivativeShared is the number of oscillators from which helpers are asked to share a derivative.
	derivativeShared = 64
	// rowsAtOnce is the number of rows that a thread claims.
	rowsAtOnce = 8
)

// Beams are oscillators that move along an axis, and for a trace where their path goes; without rates they are zero.
type Beams struct {
	Theta, Position, Velocity, Omega, Coupling, Rate []float64
	Lag, Push, Epsilon, Scale, Time                  float64

	DT                                     float64
	Steps                                  int
	Times, Phases, Positions, Order, Locks []float64
}

// frequency returns the frequency of an oscillator at a time.
func (b *Beams) frequency(i int, time float64) float64 {
	if len(b.Rate) == 0 {
		return b.Omega[i] + 0
	}
	return b.Omega[i] + float64(time*b.Rate[i])
}

// pushed returns the push of oscillator j on i.
func (b *Beams) pushed(i, j int) float64 {
	one, other := b.Velocity[i], b.Velocity[j]
	return float64(b.Push * ((one - other) / (float64(0.5*(math.Abs(one)+math.Abs(other))) + b.Epsilon)))
}

// Derivative writes the phase velocities: pair by pair, one rounding after each operation.
func (b *Beams) Derivative(slopes []float64) error {
	for _, argument := range [][]float64{b.Theta, b.Position, b.Velocity, b.Omega, b.Coupling, b.Rate} {
		if !current.finite(argument) {
			return ErrNotFinite
		}
	}
	n := len(b.Theta)
	memory, err := Obtain(3 * padded(n) * ((n + rowsAtOnce - 1) / rowsAtOnce))
	if err != nil {
		return err
	}
	defer memory.Release()
	claims((n+rowsAtOnce-1)/rowsAtOnce, n >= derivativeShared, func(part int) {
		room := memory.values[3*padded(n)*part:]
		for i := part * rowsAtOnce; i < min(n, (part+1)*rowsAtOnce); i++ {
			slopes[i] = b.slope(i, b.Theta, b.Position, b.Time, room, b.quickSines)
		}
	})
	for i, slope := range slopes {
		if !finite(slope) {
			return infinite("the derivative", "%v at index %d", slope, i)
		}
	}
	return nil
}

// quickSines fills sines, given room for cosines; sines and cosines are padded.
func (b *Beams) quickSines(sines, cosines, angles []float64) {
	if !current.evaluate(sines, cosines, angles) {
		plainEvaluate(sines, cosines, angles)
	}
}

// carefulSines is as quickSines, and slow.
func (b *Beams) carefulSines(sines, _, angles []float64) {
	for i, angle := range angles {
		sines[i] = carefulSin(angle)
	}
}

// slope returns the derivative of one phase, given room for three padded arrays and who fills sines.
func (b *Beams) slope(
	i int, theta, position []float64, time float64, room []float64, fill func(sines, cosines, angles []float64),
) float64 {
	n := len(b.Theta)
	angles, sines, cosines := room[:n], room[padded(n):2*padded(n)], room[2*padded(n):3*padded(n)]
	for j, other := range theta[:n] {
		angles[j] = (other - theta[i]) - b.Lag
	}
	fill(sines, cosines, angles)
	sum := b.frequency(i, time)
	pulls, velocity, position := b.Coupling[i*n:i*n+n], b.Velocity[:n], position[:n]
	sines = sines[:n]
	z, v, speed := position[i], velocity[i], math.Abs(velocity[i])
	for j, pull := range pulls {
		if j == i {
			continue
		}
		weight := 1 + math.Abs(z-position[j])/b.Scale
		sum += float64(pull / weight * sines[j])
		mean := float64(0.5*(speed+math.Abs(velocity[j]))) + b.Epsilon
		sum += float64(b.Push * ((v - velocity[j]) / mean))
	}
	return sum
}
