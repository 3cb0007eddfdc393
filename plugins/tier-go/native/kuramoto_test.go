package native

import (
	"errors"
	"math"
	"math/rand"
	"slices"
	"testing"
)

// perLevel runs a test at every level that this CPU has.
func perLevel(t *testing.T, test func(*testing.T)) {
	for _, one := range levels {
		t.Run(one.name, func(t *testing.T) {
			current = one
			defer func() { current = levels[0] }()
			test(t)
		})
	}
}

func angles(n int, reach float64) []float64 {
	random := rand.New(rand.NewSource(int64(n)))
	values := make([]float64, n)
	for i := range values {
		values[i] = reach * (2*random.Float64() - 1)
	}
	return values
}

// close says whether two numbers differ by at most 1e-12 of the scale.
func near(a, b, scale float64) bool { return math.Abs(a-b) <= 1e-12*max(1, scale) }

func TestSinesAreThoseOfTheLibrary(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, reach := range []float64{1e-300, 1e-8, 0.1, 4, 1e3, 1e6, 3e9} {
			for _, n := range []int{1, 2, 3, 4, 5, 8, 37} {
				theta := angles(n, reach)
				sin, cos := make([]float64, padded(n)), make([]float64, padded(n))
				if !current.evaluate(sin, cos, theta) {
					t.Fatalf("angles up to %g stray", reach)
				}
				for i, angle := range theta {
					s, c := math.Sincos(angle)
					if math.Abs(sin[i]-s) > 5e-16 || math.Abs(cos[i]-c) > 5e-16 {
						t.Fatalf("at %v: %v and %v, wanted %v and %v", angle, sin[i], cos[i], s, c)
					}
				}
			}
		}
	})
}

func TestSumsAreThoseOfTheLibrary(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 3, 4, 7, 8, 9, 64, 1001, block, block + 1, sumsShared + 17} {
			for _, reach := range []float64{4, 1e12, 1e300} {
				theta := angles(n, reach)
				cosines, sines, err := meanField(theta)
				wantedCosines, wantedSines := plainSums(theta)
				if err != nil || !near(cosines, wantedCosines, float64(n)) || !near(sines, wantedSines, float64(n)) {
					t.Fatalf("n=%d, reach %g: %v %v, wanted %v %v", n, reach, cosines, sines, wantedCosines, wantedSines)
				}
			}
		}
	})
}

func TestSumsDoNotDependOnTheThreads(t *testing.T) {
	theta := angles(3*sumsShared+5, 3)
	defer SetThreads(0)
	SetThreads(1)
	alone, _ := OrderParameter(theta)
	for i := 0; i < 50; i++ {
		SetThreads(2 + i%3)
		crowd.until.Store(0)
		if found, _ := OrderParameter(theta); found != alone {
			t.Fatalf("%v with threads, %v alone", found, alone)
		}
	}
}

func TestWhatIsNotFiniteIsRefused(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, wrong := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for place := 0; place < 11; place++ {
				theta := angles(11, 3)
				theta[place] = wrong
				if _, err := OrderParameter(theta); !errors.Is(err, ErrNotFinite) {
					t.Fatalf("order parameter: %v", err)
				}
				coupling := angles(121, 1)
				if err := NetworkedForce(theta, coupling, make([]float64, 11)); !errors.Is(err, ErrNotFinite) {
					t.Fatalf("force, phases: %v", err)
				}
				coupling[place*11+place*7%11] = wrong
				if err := NetworkedForce(angles(11, 3), coupling, make([]float64, 11)); !errors.Is(err, ErrNotFinite) {
					t.Fatalf("force, couplings: %v", err)
				}
				coupling = angles(121, 1)
				coupling[place*12] = wrong
				if err := NetworkedForce(angles(11, 3), coupling, make([]float64, 11)); !errors.Is(err, ErrNotFinite) {
					t.Fatalf("force, diagonal: %v", err)
				}
			}
		}
	})
}

// plainForce is the definition.
func plainForce(theta, coupling []float64) []float64 {
	forces := make([]float64, len(theta))
	for i := range theta {
		for j := range theta {
			forces[i] += coupling[i*len(theta)+j] * math.Sin(theta[j]-theta[i])
		}
	}
	return forces
}

func TestForcesAreThoseOfTheDefinition(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for n := 1; n < 40; n++ {
			theta, coupling := angles(n, 3), angles(n*n, 1)
			for i := 0; i < n; i++ {
				coupling[i*n+i] = 1e15 // the diagonal must not act, however large
			}
			forces := make([]float64, n)
			if err := NetworkedForce(theta, coupling, forces); err != nil {
				t.Fatal(err)
			}
			for i, wanted := range plainForce(theta, coupling) {
				if !near(forces[i], wanted, float64(n)) {
					t.Fatalf("n=%d, row %d: %v, wanted %v", n, i, forces[i], wanted)
				}
			}
		}
	})
}

func TestSharedForcesAreTheSame(t *testing.T) {
	n := forceShared + 3
	theta, coupling := angles(n, 3), angles(n*n, 1)
	alone, shared := make([]float64, n), make([]float64, n)
	defer SetThreads(0)
	SetThreads(1)
	_ = NetworkedForce(theta, coupling, alone)
	SetThreads(4)
	crowd.until.Store(0)
	_ = NetworkedForce(theta, coupling, shared)
	if !slices.Equal(alone, shared) {
		t.Fatal("threads change the bits")
	}
}

// plainRun is the definition of the integrations, with the forces of the definition.
func plainRun(task *Task) []float64 {
	theta := slices.Clone(task.Theta)
	slope := func(at, from []float64, reach float64) []float64 {
		moved := slices.Clone(at)
		for i := range from {
			moved[i] += reach * from[i]
		}
		forces := plainForce(moved, task.Coupling)
		for i := range forces {
			forces[i] += task.Omega[i]
		}
		return forces
	}
	for step := 0; step < task.Steps; step++ {
		k1 := slope(theta, nil, 0)
		if task.Method == RungeKutta {
			k2 := slope(theta, k1, task.DT/2)
			k3 := slope(theta, k2, task.DT/2)
			k4 := slope(theta, k3, task.DT)
			for i := range k1 {
				k1[i] = (k1[i] + 2*k2[i] + 2*k3[i] + k4[i]) / 6
			}
		}
		for i := range theta {
			theta[i] += task.DT * k1[i]
		}
	}
	return theta
}

func TestRunsAreThoseOfTheDefinition(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, method := range []Method{Euler, RungeKutta} {
			for _, n := range []int{1, 2, 3, 4, 5, 8, 11, 33, 65} {
				task := network(n, 70)
				task.Method = method
				if err := Integrate(task); err != nil {
					t.Fatal(err)
				}
				for i, wanted := range plainRun(task) {
					if math.Abs(task.Last[i]-wanted) > 1e-11 {
						t.Fatalf("method %d, n=%d, row %d: %v, wanted %v", method, n, i, task.Last[i], wanted)
					}
				}
			}
		}
	})
}

func TestRunsThatLeaveTheFastReductionGoOn(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, n := range []int{5, 70} {
			task := network(n, 3)
			task.Theta[2] = 1e13
			task.Omega[1] = 1e14
			if err := Integrate(task); err != nil {
				t.Fatal(err)
			}
			for i, wanted := range plainRun(task) {
				if i != 1 && math.Abs(task.Last[i]-wanted) > 1e-2 || math.IsNaN(task.Last[i]) {
					t.Fatalf("n=%d, row %d: %v, wanted %v", n, i, task.Last[i], wanted)
				}
			}
		}
	})
}

func keepingAll(n, steps int) *Task {
	task := network(n, steps)
	task.Path = make([]float64, (steps+1)*n)
	task.Order, task.Times = make([]float64, steps+1), make([]float64, steps+1)
	return task
}

func TestWhatIsKeptBelongsTogether(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, n := range []int{3, 65, integrateShared + 1} {
			task := keepingAll(n, 40)
			crowd.until.Store(0)
			if err := Integrate(task); err != nil {
				t.Fatal(err)
			}
			for step := 0; step <= 40; step++ {
				row := task.Path[step*n : (step+1)*n]
				order, _ := OrderParameter(row)
				if !near(order, task.Order[step], 1) || task.Times[step] != float64(step)*task.DT {
					t.Fatalf("n=%d, step %d: %v at %v, wanted %v", n, step, task.Order[step], task.Times[step], order)
				}
			}
			if !slices.Equal(task.Path[40*n:], task.Last) || !slices.Equal(task.Path[:n], task.Theta) {
				t.Fatal("the path does not lead from the first phases to the last")
			}
		}
	})
}

func TestPartsGiveTheSameBits(t *testing.T) {
	perLevel(t, func(t *testing.T) {
		for _, n := range []int{5, 70} {
			steps := 2*Part(Euler, n) + 7
			if n == 5 {
				steps = 3*Resync + 7
			}
			whole, parts := keepingAll(n, min(steps, 500)), keepingAll(n, min(steps, 500))
			_ = Integrate(whole)
			for now := *parts; now.First < parts.Steps; now.First += now.Steps {
				now.Steps = min(Resync, parts.Steps-now.First)
				now.Path = parts.Path[now.First*n : (now.First+now.Steps+1)*n]
				now.Order = parts.Order[now.First : now.First+now.Steps+1]
				now.Times = parts.Times[now.First : now.First+now.Steps+1]
				if now.First > 0 {
					now.Theta = parts.Last
				}
				_ = Integrate(&now)
			}
			if !slices.Equal(whole.Path, parts.Path) || !slices.Equal(whole.Order, parts.Order) ||
				!slices.Equal(whole.Times, parts.Times) {
				t.Fatalf("n=%d: a run in parts has other bits", n)
			}
		}
	})
}

func TestARunInPartsCanBeEnded(t *testing.T) {
	task := network(300, 10_000_000)
	asked := 0
	ended, err := InParts(task, func() bool { asked++; return asked < 3 })
	if ended || err != nil || asked != 3 {
		t.Fatalf("ended %v, error %v, asked %d times", ended, err, asked)
	}
	if ended, _ = InParts(network(5, 100), func() bool { return false }); !ended {
		t.Fatal("a short run asks")
	}
}

func TestSharedRunsHaveTheSameBits(t *testing.T) {
	defer SetThreads(0)
	for _, method := range []Method{Euler, RungeKutta} {
		SetThreads(1)
		alone, shared := network(integrateShared+30, 60), network(integrateShared+30, 60)
		alone.Method, shared.Method = method, method
		_ = Integrate(alone)
		SetThreads(2)
		crowd.until.Store(0)
		_ = Integrate(shared)
		if !slices.Equal(alone.Last, shared.Last) {
			t.Fatal("threads change the bits")
		}
	}
}

func TestTemplates(t *testing.T) {
	for _, n := range []int{1, 2, 5, 7, 16, 40} {
		template := make([]float64, n*n)
		if err := BuildKnm(n, 0.02, 2.5, template); err != nil {
			t.Fatal(err)
		}
		for i := 0; i < n; i++ {
			for j := 0; j < n; j++ {
				wanted := 0.02 * math.Exp(-2.5*math.Abs(float64(i-j)))
				for _, known := range append(slices.Clone(calibrated), atLeast...) {
					if known.i == min(i, j) && known.j == max(i, j) {
						wanted = known.strength
					}
				}
				if template[i*n+j] != wanted {
					t.Fatalf("n=%d, (%d, %d): %v, wanted %v", n, i, j, template[i*n+j], wanted)
				}
			}
		}
	}
}
