package native

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func waveform(n int) *Samples {
	s := &Samples{
		Radius: angles(n, 1), Velocity: angles(n+1, 300)[:n], Field: angles(n+2, 5)[:n], Rate: angles(n+3, 1e5)[:n],
		Turns: 64, Load: 4, Efficiency: 0.9, Time: make([]float64, n), Totals: make([]float64, 3),
		Flux: make([]float64, n), FluxRate: make([]float64, n), BackEMF: make([]float64, n), Power: make([]float64, n),
	}
	for i := range s.Time {
		s.Time[i], s.Radius[i] = 1e-6*(float64(i)+0.4*float64(i%3)), math.Abs(s.Radius[i])
	}
	return s
}

func TestRecoveriesAreThoseOfTheDefinition(t *testing.T) {
	for _, n := range []int{2, 3, 4, 5, 9, 255, 256, 257, block, block + 1, recoveryShared + 3} {
		for _, efficiency := range []float64{0, 0.9, 1} {
			s := waveform(n)
			s.Efficiency = efficiency
			if err := Recover(s); err != nil {
				t.Fatal(err)
			}
			energy, top, most := 0.0, 0.0, 0.0
			for i, r := range s.Radius {
				flux := float64(float64(math.Pi*r)*r) * s.Field[i]
				rate := math.Pi * (float64(float64(r*r)*s.Rate[i]) + float64(float64(float64(2*r)*s.Velocity[i])*s.Field[i]))
				emf := -s.Turns * rate
				power := float64(float64(efficiency*emf)*emf) / s.Load
				if s.Flux[i] != flux || s.FluxRate[i] != rate || s.BackEMF[i] != emf || s.Power[i] != power {
					t.Fatalf("n=%d, sample %d: %v %v %v %v", n, i, s.Flux[i], s.FluxRate[i], s.BackEMF[i], s.Power[i])
				}
				if one, err := BackEMF(r, s.Velocity[i], s.Field[i], s.Rate[i], s.Turns); one != emf || err != nil {
					t.Fatalf("sample %d: %v %v, wanted %v", i, one, err, emf)
				}
				top, most = max(top, math.Abs(emf)), max(most, power)
				if i > 0 {
					energy += 0.5 * (s.Power[i-1] + power) * (s.Time[i] - s.Time[i-1])
				}
			}
			if math.Abs(s.Totals[0]-energy) > 1e-12*energy || s.Totals[1] != top || s.Totals[2] != most {
				t.Fatalf("n=%d: %v, wanted %v %v %v", n, s.Totals, energy, top, most)
			}
		}
	}
}

func TestThePowerIsFormedInItsOrder(t *testing.T) {
	s := waveform(2)
	for i := range s.Time {
		s.Radius[i], s.Velocity[i], s.Field[i], s.Rate[i] = 1, 0, 0, 1e200
	}
	s.Time[1], s.Turns, s.Efficiency = 1e-200, 1, 1e-300
	if err := Recover(s); err != nil || math.Abs(s.Power[0]/(math.Pi*math.Pi*1e100/4)-1) > 1e-12 {
		t.Fatal(s.Power, err)
	}
	s.Efficiency = 0
	if err := Recover(s); err != nil || s.Power[0] != 0 || math.Signbit(s.Power[0]) || s.Totals[0] != 0 {
		t.Fatal(s.Power, s.Totals, err)
	}
}

func TestWrongSamplesAreRefused(t *testing.T) {
	for _, n := range []int{5, recoveryShared + 3} {
		for _, at := range []int{1, n / 2, n - 1} {
			for name, spoil := range map[string]func(*Samples){
				"argument 'radius' must be non-negative":    func(s *Samples) { s.Radius[at] = -1 },
				"argument 'time' must be strictly":          func(s *Samples) { s.Time[at] = s.Time[at-1] },
				"flux must be finite: found +Inf":           func(s *Samples) { s.Radius[at], s.Field[at] = 1e200, 1 },
				"flux_rate must be finite":                  func(s *Samples) { s.Radius[at], s.Field[at], s.Rate[at] = 10, 0, 1e307 },
				"back_emf must be finite":                   func(s *Samples) { s.Radius[at], s.Field[at], s.Rate[at] = 1, 0, 1e307 },
				"power must be finite":                      func(s *Samples) { s.Radius[at], s.Field[at], s.Rate[at] = 1, 0, 1e160 },
				"energy must be finite":                     func(s *Samples) { s.Radius[at], s.Rate[at], s.Time[n-1] = 1, 1e151, 1e300 },
				"an argument is not finite":                 func(s *Samples) { s.Velocity[at] = math.NaN() },
				"an argument is not finite, and not before": func(s *Samples) { s.Radius[at], s.Radius[0] = math.Inf(1), -1 },
			} {
				s := waveform(n)
				spoil(s)
				err := Recover(s)
				if err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(name, ", and not before")) {
					t.Errorf("n=%d at %d: %v, wanted %q", n, at, err, name)
				}
			}
		}
	}
	if _, err := BackEMF(1, 0, 1, 1e308, 1); err == nil || !strings.HasPrefix(err.Error(), "back_emf must be finite") {
		t.Error(err)
	}
}

func TestSharedRecoveriesHaveTheSameBits(t *testing.T) {
	defer SetThreads(0)
	alone, shared := waveform(3*recoveryShared+5), waveform(3*recoveryShared+5)
	SetThreads(1)
	_ = Recover(alone)
	SetThreads(3)
	crowd.until.Store(0)
	_ = Recover(shared)
	if !slices.Equal(alone.Totals, shared.Totals) || !slices.Equal(alone.Power, shared.Power) {
		t.Fatal("threads change the bits")
	}
}
