package native

import "math"

const (
	// recoveryShared is the number of samples from which helpers are asked to share a recovery.
	recoveryShared = 16384
	// inOneGo is the number of samples of a pass: nine arrays of them fit into the cache next to the core.
	inOneGo = 256
)

// Samples are a waveform, and where what is recovered from it goes.
type Samples struct {
	Time, Radius, Velocity, Field, Rate []float64
	Turns, Load, Efficiency             float64
	// Flux, its rate, electromotive force and power of every sample; energy and the two peaks.
	Flux, FluxRate, BackEMF, Power, Totals []float64
}

// harvest is what some samples come to.
type harvest struct {
	energy, emf, power float64
	unsound            bool
}

// Recover fills the waveforms and the totals. Sums and products are rounded one by one, which the conversions to
// float64 tell compilers for CPUs that could fuse them.
func Recover(s *Samples) error {
	n := len(s.Time)
	if n < 2 {
		return refused("time", "a vector of at least 2 samples", "%d element", n)
	}
	var all harvest
	if n <= block {
		all = s.block(0, n)
	} else if err := s.blocks(&all); err != nil {
		return err
	}
	// Of times in order only the first and the last can be infinite.
	sound := !all.unsound && finite(all.emf) && finite(all.power) && finite(all.energy)
	if !sound || !finite(s.Time[0]) || !finite(s.Time[n-1]) {
		return s.blame()
	}
	s.Totals[0], s.Totals[1], s.Totals[2] = all.energy, all.emf, all.power
	return nil
}

func finite(value float64) bool { return value-value == 0 }

// blocks lets threads claim blocks, and puts them together in order: the bits do not depend on who computes.
func (s *Samples) blocks(all *harvest) error {
	n := len(s.Time)
	count := (n + block - 1) / block
	memory, err := Obtain(4 * count)
	if err != nil {
		return err
	}
	defer memory.Release()
	found := memory.Take(4 * count)
	claims(count, n >= recoveryShared, func(i int) {
		one := s.block(i*block, min(n, (i+1)*block))
		mark := 0.0
		if one.unsound {
			mark = 1
		}
		found[4*i], found[4*i+1], found[4*i+2], found[4*i+3] = one.energy, one.emf, one.power, mark
	})
	for i := 0; i < count; i++ {
		if i > 0 {
			all.energy += s.interval(i*block, &all.unsound)
		}
		all.energy += found[4*i]
		all.emf, all.power = max(all.emf, found[4*i+1]), max(all.power, found[4*i+2])
		all.unsound = all.unsound || found[4*i+3] != 0
	}
	return nil
}

// block computes the samples from up to (not including) to, and the energy between them.
func (s *Samples) block(from, to int) (all harvest) {
	// The sums of the energy: four chains, for one would wait for every addition.
	var sums constant
	for at := from; at < to; at += inOneGo {
		end := min(to, at+inOneGo)
		current.waves(s, at, end, &all)
		i := max(at, from+1)
		whole := i + (end-i)&^(group-1)
		current.intervals(s, i, whole, &sums, &all.unsound)
		for i = whole; i < end; i++ {
			sums[0] += s.interval(i, &all.unsound)
		}
	}
	all.energy = (sums[0] + sums[2]) + (sums[1] + sums[3])
	return all
}

// interval returns the energy between a sample and the one before it, by the trapezoidal rule.
func (s *Samples) interval(at int, unsound *bool) float64 {
	step := s.Time[at] - s.Time[at-1]
	if !(step > 0) {
		*unsound = true
	}
	return float64(float64(0.5*float64(s.Power[at-1]+s.Power[at])) * step)
}

// plainIntervals adds the energies of whole groups of intervals.
func plainIntervals(s *Samples, from, to int, sums *constant, unsound *bool) {
	for i := from; i < to; i += group {
		for lane := range sums {
			sums[lane] += s.interval(i+lane, unsound)
		}
	}
}

// plainWaves computes the four waveforms of some samples.
func plainWaves(s *Samples, from, to int, all *harvest) {
	n := to - from
	radius, velocity, field, rate := s.Radius[from:to], s.Velocity[from:][:n], s.Field[from:][:n], s.Rate[from:][:n]
	flux, fluxRate, emf, power := s.Flux[from:][:n], s.FluxRate[from:][:n], s.BackEMF[from:][:n], s.Power[from:][:n]
	// A product with zero is zero, except of what is not finite.
	mark, coil := 0.0, -s.Turns
	for i, r := range radius {
		if r < 0 {
			all.unsound = true
		}
		flux[i] = float64(float64(math.Pi*r)*r) * field[i]
		fluxRate[i] = fluxRateOf(r, velocity[i], field[i], rate[i])
		emf[i] = float64(coil * fluxRate[i])
		mark += float64(flux[i]*0) + float64(emf[i]*0)
		all.emf = max(all.emf, math.Abs(emf[i]))
	}
	if mark != 0 {
		all.unsound = true
	}
	if s.Efficiency == 0 {
		clear(power)
		return
	}
	for i, u := range emf {
		power[i] = float64(float64(s.Efficiency*u)*u) / s.Load
		all.power = max(all.power, power[i])
	}
}

func fluxRateOf(r, velocity, field, rate float64) float64 {
	return float64(math.Pi * (float64(float64(r*r)*rate) + float64(float64(float64(2*r)*velocity)*field)))
}

// BackEMF returns the electromotive force at one moment.
func BackEMF(radius, velocity, field, rate, turns float64) (float64, error) {
	emf := float64(-turns * fluxRateOf(radius, velocity, field, rate))
	if !finite(emf) {
		return emf, infinite("back_emf", "%v", emf)
	}
	return emf, nil
}

// blame returns why there is no answer, looked for in the order of the definition.
func (s *Samples) blame() error {
	for _, argument := range [][]float64{s.Time, s.Radius, s.Velocity, s.Field, s.Rate} {
		if !plainFinite(argument) {
			return ErrNotFinite
		}
	}
	for i, r := range s.Radius {
		if r < 0 {
			return refused("radius", "non-negative", "%v at index %d", r, i)
		}
	}
	for i := 1; i < len(s.Time); i++ {
		if !(s.Time[i] > s.Time[i-1]) {
			return refused("time", "strictly increasing", "%v after %v at index %d", s.Time[i], s.Time[i-1], i)
		}
	}
	for _, result := range []struct {
		name   string
		values []float64
	}{{"flux", s.Flux}, {"flux_rate", s.FluxRate}, {"back_emf", s.BackEMF}, {"power", s.Power}} {
		for i, value := range result.values {
			if !finite(value) {
				return infinite(result.name, "%v at index %d", value, i)
			}
		}
	}
	return infinite("energy", "a sum beyond float64")
}
