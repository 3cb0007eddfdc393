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
