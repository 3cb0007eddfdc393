package native

import (
	"fmt"
	"math/rand"
	"testing"
)

func network(n, steps int) *Task {
	random := rand.New(rand.NewSource(int64(n)))
	task := &Task{DT: 0.01, Steps: steps, Last: make([]float64, n)}
	for i := 0; i < n; i++ {
		task.Theta = append(task.Theta, 6*random.Float64()-3)
		task.Omega = append(task.Omega, random.NormFloat64()/2)
	}
	for i := 0; i < n*n; i++ {
		task.Coupling = append(task.Coupling, 2*random.Float64()/float64(n))
	}
	return task
}

func BenchmarkOrderParameter(b *testing.B) {
	for _, n := range []int{8, 64, 1024, 16384, 131072, 1 << 20} {
		theta := network(1, 0).Theta
		for len(theta) < n {
			theta = append(theta, 6*rand.Float64()-3)
		}
		for _, count := range []int{1, 2} {
			b.Run(fmt.Sprintf("n=%d,threads=%d", n, count), func(b *testing.B) {
				SetThreads(count)
				defer SetThreads(0)
				for b.Loop() {
					_, _ = OrderParameter(theta)
				}
			})
		}
	}
}

func BenchmarkEuler(b *testing.B) {
	for _, n := range []int{8, 32, 64, 128, 256, 512, 1024} {
		for _, count := range []int{1, 2} {
			b.Run(fmt.Sprintf("n=%d,threads=%d", n, count), func(b *testing.B) {
				SetThreads(count)
				defer SetThreads(0)
				task := network(n, 100)
				for b.Loop() {
					_ = Integrate(task)
				}
			})
		}
	}
}

func BenchmarkNetworkedForce(b *testing.B) {
	for _, n := range []int{8, 32, 128, 512} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			task := network(n, 0)
			for b.Loop() {
				_ = NetworkedForce(task.Theta, task.Coupling, task.Last)
			}
		})
	}
}

func BenchmarkBuildKnm(b *testing.B) {
	for _, n := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			template := make([]float64, n*n)
			for b.Loop() {
				_ = BuildKnm(n, 0.45, 0.3, template)
			}
		})
	}
}
