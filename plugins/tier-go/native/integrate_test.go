package native

import (
	"math"
	"slices"
	"testing"
)

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
