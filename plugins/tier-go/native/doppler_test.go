package native

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func convoy(n, steps int) *Beams {
	b := &Beams{
		Theta: angles(n, 3), Position: angles(n+1, 2)[:n], Velocity: angles(n+2, 5)[:n], Omega: angles(n+3, 4)[:n],
		Coupling: angles(n*n, 3/float64(n)), Rate: angles(n+4, 1)[:n],
		Lag: 0.3, Push: 0.2, Epsilon: 0.5, Scale: 1.5, Time: 0.25, DT: 0.01, Steps: steps,
		Times: make([]float64, steps+1), Phases: make([]float64, (steps+1)*n), Positions: make([]float64, (steps+1)*n),
		Order: make([]float64, steps+1), Locks: make([]float64, steps+1),
	}
	for i := 0; i < n; i++ {
		b.Coupling[i*n+i] = 1e15 // the diagonal must not act, however large
	}
	return b
}

// plainSlopes is the definition of the derivative, and the sum of the magnitudes of each row's terms.
func plainSlopes(b *Beams, theta, position []float64, time float64) (slopes, scales []float64) {
	n := len(theta)
	for i := range theta {
		sum, scale := b.Omega[i], math.Abs(b.Omega[i])
		if b.Rate != nil {
			sum, scale = sum+float64(time*b.Rate[i]), scale+math.Abs(time*b.Rate[i])
		}
		for j := range theta {
			if j == i {
				continue
			}
			mean := float64(0.5*(math.Abs(b.Velocity[i])+math.Abs(b.Velocity[j]))) + b.Epsilon
			pull := b.Coupling[i*n+j] / (1 + math.Abs(position[i]-position[j])/b.Scale)
			push := float64(b.Push * ((b.Velocity[i] - b.Velocity[j]) / mean))
			sum = sum + float64(pull*math.Sin((theta[j]-theta[i])-b.Lag))
			sum = sum + push
			scale += math.Abs(pull) + math.Abs(push)
		}
		slopes, scales = append(slopes, sum), append(scales, scale)
	}
	return slopes, scales
}

func TestDerivativesAreThoseOfTheDefinition(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 3, 4, 5, 8, 9, 33, derivativeShared, 130} {
			for _, coupled := range []bool{true, false} {
				b := convoy(n, 0)
				if b.Theta[0] *= 1e5; !coupled {
					clear(b.Coupling)
				}
				found := make([]float64, n)
				crowd.until.Store(0)
				if err := b.Derivative(found); err != nil {
					t.Fatal(err)
				}
				wanted, scales := plainSlopes(b, b.Theta, b.Position, b.Time)
				for i := range found {
					if math.Abs(found[i]-wanted[i]) > 1e-12*scales[i] || !coupled && found[i] != wanted[i] {
						t.Fatalf("n=%d, row %d: %v, wanted %v", n, i, found[i], wanted[i])
					}
				}
			}
		}
	})
}

func TestThePublishedDerivative(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		b := &Beams{
			Theta: []float64{0, 0.25, -0.1}, Position: []float64{-0.03, 0.03, 0.12}, Velocity: []float64{3e5, -3e5, 0},
			Omega:    []float64{-4e6, 4e6, 0.2e6},
			Coupling: []float64{0, 25e6, 4e6, 25e6, 0, 3.5e6, 5e6, 4.5e6, 0}, Lag: 0.05, Push: 2e6, Epsilon: 1, Scale: 1,
		}
		found := make([]float64, 3)
		if err := b.Derivative(found); err != nil {
			t.Fatal(err)
		}
		for i, wanted := range []float64{8165772.616030219, -12220202.064863553, 1637338.2863961938} {
			if math.Abs(found[i]-wanted) > 1e-12*3e7 {
				t.Fatal(found)
			}
		}
	})
}

// plainPath is the definition of a path.
func plainPath(b *Beams) (phases, positions [][]float64, order, locks []float64) {
	moved := func(from, slopes []float64, reach float64) []float64 {
		to := slices.Clone(from)
		for i, slope := range slopes {
			to[i] += float64(reach * slope)
		}
		return to
	}
	theta, position, time, h := slices.Clone(b.Theta), slices.Clone(b.Position), b.Time, b.DT
	for step := 0; ; step++ {
		sines, cosines, lock := 0.0, 0.0, 0.0
		for i, one := range theta {
			sines, cosines = sines+math.Sin(one), cosines+math.Cos(one)
			for _, other := range theta[i+1:] {
				lock = max(lock, math.Abs(wrappedFar(other-one)))
			}
		}
		phases, positions = append(phases, theta), append(positions, position)
		order, locks = append(order, math.Hypot(sines, cosines)/float64(len(theta))), append(locks, lock)
		if step == b.Steps {
			return phases, positions, order, locks
		}
		half, end := moved(position, b.Velocity, 0.5*h), moved(position, b.Velocity, h)
		k1, _ := plainSlopes(b, theta, position, time)
		k2, _ := plainSlopes(b, moved(theta, k1, 0.5*h), half, time+0.5*h)
		k3, _ := plainSlopes(b, moved(theta, k2, 0.5*h), half, time+0.5*h)
		k4, _ := plainSlopes(b, moved(theta, k3, h), end, time+h)
		theta = slices.Clone(theta)
		for i := range theta {
			theta[i] = wrappedFar(theta[i] + float64(h/6*(((k1[i]+2*k2[i])+2*k3[i])+k4[i])))
		}
		position, time = end, time+h
	}
}

func always() bool { return true }

func TestPathsAreThoseOfTheDefinition(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 3, 4, 5, 9, 33} {
			for name, change := range map[string]func(*Beams){
				"gentle":    func(*Beams) {},
				"no rates":  func(b *Beams) { b.Rate = nil },
				"far away":  func(b *Beams) { b.Theta[0] = 1e4 },
				"beyond 2π": func(b *Beams) { b.Omega[0] = 1e3 },
			} {
				b := convoy(n, 30)
				for i := 0; i < n; i++ {
					b.Coupling[i*n+i] = 0 // is part of what makes a path coarse
				}
				change(b)
				if err := b.Trace(always); err != nil {
					t.Fatal(err)
				}
				phases, positions, order, locks := plainPath(b)
				for step := range phases {
					for i := range phases[step] {
						apart := math.Abs(wrappedFar(b.Phases[step*n+i] - phases[step][i]))
						if apart > 1e-9 || !near(b.Positions[step*n+i], positions[step][i], 1) {
							t.Fatalf("%s, n=%d, step %d, oscillator %d: off by %v", name, n, step, i, apart)
						}
					}
					if math.Abs(b.Order[step]-order[step]) > 1e-9 || math.Abs(b.Locks[step]-locks[step]) > 2e-9 {
						t.Fatalf("%s, n=%d, step %d: %v %v", name, n, step, b.Order[step]-order[step], b.Locks[step]-locks[step])
					}
				}
			}
		}
	})
}

func TestCoarsePathsAreMadeOfCarefulSines(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		b := convoy(3, 2)
		if err := b.Trace(always); err != nil {
			t.Fatal(err)
		}
		phases, _, _, _ := plainPath(b)
		for step, row := range phases {
			for i, wanted := range row {
				if math.Abs(wrappedFar(b.Phases[3*step+i]-wanted)) > 1e-9 {
					t.Fatalf("step %d: %v, wanted %v", step, b.Phases[3*step:3*step+3], row)
				}
			}
		}
	})
}

func TestCarefulSines(t *testing.T) {
	for _, reach := range []float64{1e-8, 0.7, 4, 1e3, carefulMost, 1e7} {
		for _, angle := range angles(2000, reach) {
			if wanted := math.Sin(angle); math.Abs(carefulSin(angle)-wanted) > 2e-16 {
				t.Fatalf("at %v: %v, wanted %v", angle, carefulSin(angle), wanted)
			}
		}
	}
}

func TestTheLockOfThePublishedPath(t *testing.T) {
	for _, one := range []struct{ push, wanted float64 }{{2e6, 1.9566221e-3}, {0, 0.16333694}} {
		b := convoy(2, 120)
		b.Theta, b.Position, b.Velocity = []float64{0, 0.25}, []float64{-0.03, 0.03}, []float64{3e5, -3e5}
		b.Omega, b.Coupling, b.Rate = []float64{-4e6, 4e6}, []float64{0, 25e6, 25e6, 0}, nil
		b.Lag, b.Push, b.Epsilon, b.Scale, b.DT = 0, one.push, 1, 1, 1e-9
		if err := b.Trace(always); err != nil || math.Abs(b.Locks[100]/one.wanted-1) > 1e-7 {
			t.Fatalf("push %v: %v %v, wanted %v", one.push, b.Locks[100], err, one.wanted)
		}
	}
}

func TestWrongBeamsAreRefused(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, n := range []int{1, 3, 70} {
			for _, argument := range []func(*Beams) []float64{
				func(b *Beams) []float64 { return b.Theta }, func(b *Beams) []float64 { return b.Position },
				func(b *Beams) []float64 { return b.Velocity }, func(b *Beams) []float64 { return b.Omega },
				func(b *Beams) []float64 { return b.Coupling }, func(b *Beams) []float64 { return b.Rate },
			} {
				b := convoy(n, 2)
				argument(b)[n-1] = math.Inf(1)
				if err := b.Derivative(make([]float64, n)); !errors.Is(err, ErrNotFinite) {
					t.Fatal(err)
				}
				if err := b.Trace(always); !errors.Is(err, ErrNotFinite) {
					t.Fatal(err)
				}
			}
		}
		b := convoy(3, 2)
		b.Omega[1], b.Rate[1], b.Time = 1e308, 1e308, 1.5
		if err := b.Derivative(make([]float64, 3)); err == nil || !strings.HasPrefix(err.Error(), "the derivative must be finite") {
			t.Fatal(err)
		}
		if err := b.Trace(always); err == nil || !strings.HasPrefix(err.Error(), "phases must be finite: found NaN at row 1") {
			t.Fatal(err)
		}
		b = convoy(3, 2)
		b.Time, b.DT = 1e308, 1e308
		if err := b.Trace(always); err == nil || !strings.HasPrefix(err.Error(), "time must be finite: found +Inf at row 1") {
			t.Fatal(err)
		}
	})
}

func TestAPathCanBeEnded(t *testing.T) {
	asked := 0
	if err := convoy(5, 100).Trace(func() bool { asked++; return asked < 3 }); !errors.Is(err, ErrStopped) || asked != 3 {
		t.Fatal(err, asked)
	}
}

func TestSharedDerivativesHaveTheSameBits(t *testing.T) {
	defer SetThreads(0)
	b := convoy(2*derivativeShared+3, 0)
	alone, shared := make([]float64, len(b.Theta)), make([]float64, len(b.Theta))
	SetThreads(1)
	_ = b.Derivative(alone)
	SetThreads(3)
	crowd.until.Store(0)
	if _ = b.Derivative(shared); !slices.Equal(alone, shared) {
		t.Fatal("threads change the bits")
	}
}
